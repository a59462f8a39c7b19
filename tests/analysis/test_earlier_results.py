"""Results of earlier runs stay, unless the user says otherwise; run.json says how they were made."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data

from expnet_live.cli import main

CHOICE = "--append, or replace them with --overwrite"


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("in") / "portrait.jpg"
    cv2.imwrite(str(path), np.ascontiguousarray(data.astronaut()[:300, 60:360, ::-1]))
    return path


def analyze(*args: object) -> int:
    return main(["analyze", *map(str, args)])


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "coefficients.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def protocol(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return document


def content(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_second_run_stops_before_it_changes_anything(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(photo, "--out", tmp_path, "--mesh", "ply") == 0
    before = content(tmp_path)
    capsys.readouterr()
    assert analyze(photo, "--out", tmp_path, "--mesh", "ply") == 2
    said = capsys.readouterr()
    assert CHOICE in said.err and len(said.err.splitlines()) == 1
    assert content(tmp_path) == before


def test_appending_keeps_what_is_there(photo: Path, tmp_path: Path) -> None:
    assert analyze(photo, "--out", tmp_path, "--mesh", "ply", "--overlay", "mesh") == 0
    before = content(tmp_path)
    table = tmp_path / "coefficients.csv"
    table.write_bytes(table.read_bytes().rstrip(b"\n"))  # as an editor may leave it
    assert analyze(photo, "--out", tmp_path, "--mesh", "ply", "--append") == 0
    after = content(tmp_path)
    assert set(after) - set(before) == {"meshes/portrait-2.ply"}
    assert all(after[name] == before[name] for name in before if "/" in name)
    assert len(rows(tmp_path)) == 2 and rows(tmp_path)[0] == rows(tmp_path)[1]
    document = protocol(tmp_path)
    assert [run["settings"]["overlay"] for run in document["runs"]] == ["mesh", None]
    assert set(document["files"]) == set(after) - {"run.json"}


def test_rows_that_are_there_twice_are_told(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(photo.read_bytes())
    said = f"more than once in the table: {photo}; count their rows once."
    for inputs, options, twice in (
        ([photo, other], [], False),
        ([photo], ["--append"], True),
        ([other], ["--overwrite"], False),
        ([photo, photo], ["--append"], True),
    ):
        assert analyze(*inputs, "--out", tmp_path / "out", *options) == 0
        assert (said in capsys.readouterr().err) is twice


def test_files_of_one_relative_name_stay_apart(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everyone's pictures are added from within their own folder."""
    for who, shift in (("anna", 0), ("ben", 9)):
        (tmp_path / who).mkdir()
        picture = np.roll(cv2.imread(str(photo)), shift, axis=1)
        cv2.imwrite(str(tmp_path / who / "one.png"), picture)
        monkeypatch.chdir(tmp_path / who)
        assert analyze("one.png", "--out", tmp_path / "out", "--append") == 0
    assert [row["source"] for row in rows(tmp_path / "out")] == ["one.png", str(tmp_path / "ben" / "one.png")]
    assert "more than once" not in capsys.readouterr().err


def test_a_table_of_an_older_version_gets_no_markers(photo: Path, tmp_path: Path) -> None:
    assert analyze(photo, "--out", tmp_path) == 0
    table = tmp_path / "coefficients.csv"
    header, row = table.read_text(encoding="utf-8").splitlines()
    assert header.endswith(",marker") and row.endswith(",")
    table.write_text(f"{header.removesuffix(',marker')}\n{row.removesuffix(',')}\n", encoding="utf-8")
    assert analyze(photo, "--out", tmp_path, "--append") == 0
    assert "marker" not in rows(tmp_path)[0] and rows(tmp_path)[0] == rows(tmp_path)[1]


def test_appending_needs_the_same_columns(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyze(photo, "--out", tmp_path) == 0
    before = content(tmp_path)
    for jobs in (1, 2):
        assert analyze(photo, photo, "--out", tmp_path, "--append", "--identity", "--jobs", jobs) == 2
        assert "other columns" in capsys.readouterr().err
    assert content(tmp_path) == before


def test_appending_needs_the_same_network(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As after an update, which leaves the name of the weights as it was."""
    assert analyze(photo, "--out", tmp_path) == 0
    record = protocol(tmp_path)
    record["runs"][0]["model"]["sha256"] = "0" * 64
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    before = content(tmp_path)
    for jobs in (1, 2):
        assert analyze(photo, photo, "--out", tmp_path, "--append", "--jobs", jobs) == 2
        assert "another network or face model" in capsys.readouterr().err
    assert content(tmp_path) == before
    assert analyze(photo, "--out", tmp_path, "--overwrite") == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: run["way"].update(second_look=False), "another way of computing (second look), which"),
        (lambda run: run["way"]["thresholds"].update(found=0.5), "another way of computing (thresholds), which"),
        (lambda run: run.pop("way"), "an earlier version's way of computing, which"),
    ],
)
def test_appending_needs_the_same_way_of_computing(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Any], object], said: str
) -> None:
    assert analyze(photo, "--out", tmp_path) == 0
    record = protocol(tmp_path)
    change(record["runs"][0])
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    before = content(tmp_path)
    assert analyze(photo, "--out", tmp_path, "--append") == 2
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) == 1
    assert content(tmp_path) == before


def test_overwriting_removes_what_the_run_before_has_made_and_nothing_else(photo: Path, tmp_path: Path) -> None:
    assert analyze(photo, "--out", tmp_path, "--mesh", "ply", "--overlay") == 0
    (tmp_path / "meshes/mine.ply").write_text("a user's own")
    (tmp_path / "notes.txt").write_text("a user's own")
    assert analyze(photo, "--out", tmp_path, "--mesh", "obj", "--overwrite") == 0
    assert set(content(tmp_path)) == {
        "coefficients.csv",
        "run.json",
        "meshes/portrait.obj",
        "meshes/mine.ply",
        "notes.txt",
    }
    assert len(protocol(tmp_path)["runs"]) == 1 and len(rows(tmp_path)) == 1


def test_a_record_of_a_run_names_files_of_its_own_folders_alone(photo: Path, tmp_path: Path) -> None:
    """Whoever hands on results could otherwise have any file removed."""
    out = tmp_path / "out"
    assert analyze(photo, "--out", out, "--mesh", "ply") == 0
    document = protocol(out)
    kept = [tmp_path / "kept", out / "meshes" / "..\\..\\kept"]  # of the second name, Windows reads the first
    for path in kept:
        path.write_text("a user's own", encoding="utf-8")
    names = ["meshes/../../kept", "meshes/..\\..\\kept", "meshes\\..\\..\\kept", str(tmp_path / "kept"), "../kept"]
    document["files"] |= dict.fromkeys(names, "0")
    (out / "run.json").write_text(json.dumps(document), encoding="utf-8")
    assert analyze(photo, "--out", out, "--overwrite") == 0
    assert all(path.is_file() for path in kept) and not (out / "meshes" / "portrait.ply").exists()


def test_a_table_that_another_program_has_open_is_not_lost(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Excel holds it on Windows."""
    assert analyze(photo, "--out", tmp_path) == 0
    before = (tmp_path / "coefficients.csv").read_bytes()

    def refuse(path: Path, to: Path) -> None:
        if to.name == "coefficients.csv":
            raise PermissionError(13, "Permission denied")
        path.replace(to)

    monkeypatch.setattr("expnet_live.analysis.results.move", refuse)
    capsys.readouterr()
    assert analyze(photo, "--out", tmp_path, "--append") == 2
    assert "the new table is in coefficients-2.csv" in capsys.readouterr().err
    assert (tmp_path / "coefficients.csv").read_bytes() == before
    assert len((tmp_path / "coefficients-2.csv").read_bytes().splitlines()) == 3
    assert len(protocol(tmp_path)["runs"]) == 2


def test_a_run_that_reads_nothing_overwrites_nothing(photo: Path, tmp_path: Path) -> None:
    assert analyze(photo, "--out", tmp_path / "out", "--mesh", "ply") == 0
    before = content(tmp_path / "out")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    assert analyze(tmp_path / "broken.jpg", "--out", tmp_path / "out", "--overwrite") == 1
    assert content(tmp_path / "out") == before


def test_run_json_says_how_the_results_were_made(photo: Path, tmp_path: Path) -> None:
    assert analyze(photo, "nothing.jpg", "--out", tmp_path, "--overlay", "contours", "--smoothing", "off") == 1
    document = protocol(tmp_path)
    (run,) = document["runs"]
    assert document["schema"] == 1
    assert {"expnet-live", "python", "numpy"} <= set(run["versions"])
    assert len(run["model"]["sha256"]) == len(run["face_model"]["sha256"]) == 64
    assert (run["settings"]["smoothing"], run["settings"]["overlay"], run["device"]) == ("off", "contours", "cpu")
    read, missing = run["inputs"]
    assert read["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest() and read["frames"] == 1
    assert missing["sha256"] == "" and "nothing.jpg" in missing["problem"]
    assert document["files"] == {
        name: hashlib.sha256(value).hexdigest() for name, value in content(tmp_path).items() if name != "run.json"
    }


def test_an_option_before_an_input_does_not_take_it_for_its_value(photo: Path, tmp_path: Path) -> None:
    assert analyze("--overlay", photo, "--out", tmp_path) == 0
    assert (tmp_path / "overlays/portrait.jpg").exists()
