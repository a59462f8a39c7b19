"""What ties the program to a system: the completion of shells, and the entry among the programs of a desktop."""

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
from expnet_live.cli.completion import SHELLS, script
from expnet_live.cli.shortcut import quoted

_TRY = 'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _expnet_live; echo "${COMPREPLY[*]}"; }\n'
_TERMINAL = r"""
zmodload zsh/zpty
try() {
    zpty z zsh -f -i
    zpty -w z "PS1=; fpath=($PWD/functions \$fpath); autoload -U compinit; compinit -u -D
        expnet-live() { print -r -- \"<<<\$@[\$#]>>>\" }; print READY"
    zpty -r -m z out '*READY*READY*'
    zpty -w -n z "expnet-live $1"$'\t\n'
    zpty -r -m z out '*<<<*>>>*'
    print -r -- "${${out##*<<<}%%>>>*}"
    zpty -d z
}
"""


TRIED = {
    "ev": "evaluate",
    "sessions reco": "recover",
    "evaluate emotion --data": "--dataset",
    "export my-session --po": "--pose",
    "export my-session --pose r": "rotation",
    "export my-session --to ma": "markers",
    "--device cu": "cuda",
    "completion f": "fish",
}


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None or os.name != "posix", reason=f"needs {shell}")


def ran(*command: str, cwd: Path) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, cwd=cwd)
    assert done.stderr == ""
    return done.stdout.splitlines()


@needs("bash")
def test_bash_completes_commands_options_and_values(tmp_path: Path) -> None:
    tried = TRIED | {"record --out sess": ""}  # of a file
    lines = "".join(f"try expnet-live {words}\n" for words in tried)
    assert ran("bash", "-c", script(build_parser()) + _TRY + lines, cwd=tmp_path) == list(tried.values())


@needs("zsh")
def test_zsh_completes_commands_options_and_values(tmp_path: Path) -> None:
    """A real terminal, in which Tab is pressed."""
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "_expnet-live").write_text(script(build_parser(), "zsh"), encoding="utf-8")
    (tmp_path / "clip.mp4").touch()
    tried = TRIED | {"record --out cl": "clip.mp4"}
    lines = "".join(f"try {shlex.quote(words)}\n" for words in tried)
    assert ran("zsh", "-fc", _TERMINAL + lines, cwd=tmp_path) == list(tried.values())


@needs("fish")
def test_fish_completes_commands_options_and_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "clip.mp4").touch()
    tried = TRIED | {"record --out cl": "clip.mp4"}
    lines = "".join(f"complete -C {shlex.quote(f'expnet-live {words}')}\n" for words in tried)
    assert ran("fish", "-c", script(build_parser(), "fish") + lines, cwd=tmp_path) == list(tried.values())


def test_the_command_prints_the_script_of_each_shell(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in SHELLS:
        assert main(["completion", shell]) == 0
        assert capsys.readouterr().out == script(build_parser(), shell)
    assert main(["completion"]) == 0
    assert capsys.readouterr().out == script(build_parser(), "bash")


@pytest.mark.skipif(sys.platform != "linux", reason="an entry of Linux' desktops")
def test_shells_complete_where_pytorch_is_missing(tmp_path: Path) -> None:
    """As in the folder that needs no Python."""
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('gone', name='torch')", encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-m", "expnet_live", "completion"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"evaluate accuracy"' in done.stdout and "--landmark-fit" in done.stdout


def test_the_shortcut_starts_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["shortcut"]) == main(["shortcut"]) == 0
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(tmp_path / "applications" / "expnet-live.desktop", encoding="utf-8")
    entry = parser["Desktop Entry"]
    done = subprocess.run(
        [*shlex.split(entry["Exec"]), "--version"], capture_output=True, text=True, timeout=300, check=True
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
