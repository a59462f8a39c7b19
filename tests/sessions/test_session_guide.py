"""docs/sessions.md is correct."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from places import ROOT
from session_files import INFO_OF_TEST, write_session

from expnet_live.cli import build_parser
from expnet_live.sessions.format.table import Layout

GUIDE = (ROOT / "docs" / "sessions.md").read_text(encoding="utf-8")


def test_the_five_lines_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas", reason="pandas is in the test extra only")
    [code] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 5
    write_session(tmp_path / "my-session", n=12)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["faces"].shape[0] == 10 and "mean" in capsys.readouterr().out  # type: ignore[attr-defined]


def test_every_field_and_column_is_told() -> None:
    for key in json.loads(INFO_OF_TEST.to_json()):
        assert f"`{key}`" in GUIDE, key
    told = ", ".join(re.findall(r"`([^`]*)`", GUIDE))
    for column in Layout(("jawOpen",), 1, blendshapes=True).columns[:-51]:
        assert column in told, column


def test_its_commands_are_understood() -> None:
    told = re.findall(r"^    expnet-live (.*)$", GUIDE, re.MULTILINE) + re.findall(r"`expnet-live ([^`]*)`", GUIDE)
    assert len(told) >= 5
    for line in told:
        build_parser().parse_args(line.split())
