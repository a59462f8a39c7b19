"""Options of trainings, and what is said of those that mean nothing."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from expnet_live.cli import main
from expnet_live.core.arguments import output_file, output_folder
from expnet_live.core.errors import UserError
from expnet_live.networks.architecture import ARCHITECTURES
from expnet_live.research.training.commands.options import read_options
from expnet_live.research.training.options import NAMES, TrainConfig


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--architecture", "nope"], "invalid choice: 'nope'"),
        (["--batch", "0"], "0 is not a whole number of at least 1"),
        (["--workers", "-1"], "-1 is not a whole number of at least 0"),
        (["--lr", "nan"], "nan is not a number above 0"),
        (["--warmup", "1"], "1 is not a number from 0 to below 1"),
        (["--blend", "1.1"], "1.1 is not a number from 0 to 1"),
        (["--jobs", "0"], "0 is not a whole number of at least 1"),
    ],
)
def test_options_that_mean_nothing_get_a_sentence(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", "expnet", str(tmp_path), "--labels", "l", "--out", str(tmp_path / "out"), *options])
    assert said in capsys.readouterr().err
    assert tuple(ARCHITECTURES) == NAMES, "the options know them without torch"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"samples": "many"}', "samples many is not a whole number"),
        ('{"architecture": "nope"}', "architecture is nope; choose one of compact"),
        ('{"bogus": 1}', "options that do not exist: bogus; use names such as architecture"),
    ],
)
def test_files_of_options_that_mean_nothing_get_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_options(tmp_path / "options.json", TrainConfig)


def test_options_that_are_no_json_are_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "options.json").write_text("[1]", encoding="utf-8")
    files = ["--labels", str(tmp_path / "l.npz"), "--out", str(tmp_path / "out")]
    for name in ("options.json", "nowhere.json"):
        assert main(["train", "expnet", str(tmp_path), *files, "--config", str(tmp_path / name)]) == 2
        assert f"{name} cannot be read as options in JSON" in capsys.readouterr().err


def test_the_help_of_a_training_explains_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    for step in ("expnet", "actions", "finder", "readout"):
        with pytest.raises(SystemExit, match="0"):
            main(["train", step, "--help"])
        told = " ".join(capsys.readouterr().out.split())
        assert "highest learning rate" in told or step == "readout"
        assert "processes that prepare pictures; 0: none (default: " in told


def test_figures_go_into_a_folder_that_is_made_at_once(tmp_path: Path) -> None:
    new = tmp_path / "new" / "figures.json"
    assert output_file(str(new)) == new and new.parent.is_dir()
    with pytest.raises(ArgumentTypeError, match="is a folder; add the name of a file"):
        output_file(str(tmp_path))
    with pytest.raises(ArgumentTypeError, match="cannot be written; choose another place"):
        output_file("/proc/none/figures.json")
    assert output_folder(str(tmp_path / "no" / "yet")) == tmp_path / "no" / "yet" and not (tmp_path / "no").exists()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArgumentTypeError, match="is no folder that can be written; choose another place"):
        output_folder(str(tmp_path / "file" / "out"))
