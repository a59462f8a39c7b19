"""What ties the program to a system: bash's completion, and the entry among the programs of a desktop."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from expnet_live.cli import build_parser, main
from expnet_live.cli.completion import script
from expnet_live.cli.shortcut import quoted

_TRY = 'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _expnet_live; echo "${COMPREPLY[*]}"; }\n'


@pytest.mark.skipif(shutil.which("bash") is None or os.name != "posix", reason="needs bash")
def test_bash_completes_commands_options_and_values() -> None:
    tried = {
        "ev": "evaluate",
        "sessions re": "recover reanalyze",
        "evaluate emotion --data": "--dataset",
        "export my-session --po": "--pose",
        "export my-session --pose r": "rotation",
        "export my-session --to ma": "markers",
        "--device cu": "cuda",
        "record --out sess": "",  # of a file
    }
    lines = "".join(f"try expnet-live {words}\n" for words in tried)
    done = subprocess.run(
        ["bash", "-c", script(build_parser()) + _TRY + lines], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == list(tried.values())


@pytest.mark.skipif(sys.platform != "linux", reason="an entry of Linux' desktops")
def test_the_shortcut_starts_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["shortcut"]) == main(["shortcut"]) == 0
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(tmp_path / "applications" / "expnet-live.desktop", encoding="utf-8")
    entry = parser["Desktop Entry"]
    done = subprocess.run(
        [*shlex.split(entry["Exec"]), "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("expnet-live ")
    assert list(tmp_path.rglob(f"{entry['Icon']}.svg"))
    assert main(["shortcut", "--remove"]) == main(["shortcut", "--remove"]) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_has_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if sys.platform == "linux":
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert main(["shortcut"]) == 2
    assert "hortcut" in capsys.readouterr().err


def test_paths_are_quoted_as_desktops_read_them() -> None:
    """By the specification's rules: first of strings, then of the key Exec."""
    assert quoted("/opt/my program/50 %") == '"/opt/my program/50 %%"'
    assert quoted('/a"b$c') == r'"/a\\"b\\$c"'
    assert quoted("/a\\b") == r'"/a\\\\b"'
