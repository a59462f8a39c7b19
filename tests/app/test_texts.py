"""What users are told to do can be done."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

import expnet_live
from expnet_live.app import texts
from expnet_live.cli import build_parser
from expnet_live.heads.built_in import face_model

PACKAGE = Path(expnet_live.__file__).parent
TOLD = sorted(
    {
        command
        for path in PACKAGE.rglob("*.py")
        for command in re.findall(r"['`]expnet-live ([a-z][^'`\n]*)['`]", path.read_text(encoding="utf-8"))
    }
)


def test_commands_are_told() -> None:
    assert "train expnet --architecture resnet101" in TOLD and len(TOLD) > 5


@pytest.mark.parametrize("command", TOLD)
def test_a_command_that_is_told_exists(command: str) -> None:
    words = command.split()
    subcommands = [w for w in words if re.fullmatch(r"[a-z-]+", w) and not w.startswith("-")]
    at = 2 if words[0] in ("train", "evaluate") and len(subcommands) > 1 else 1
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as end:
        build_parser().parse_args([*words[:at], "--help"])
    assert end.value.code == 0
    for option in (w for w in words if w.startswith("--")):
        assert option in out.getvalue()


def test_every_coefficient_has_a_title() -> None:
    names = face_model().names
    titles = {texts.title(name) for name in names}
    assert len(titles) == len(names) and not titles & set(names)
