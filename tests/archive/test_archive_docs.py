"""The lines of docs/archive.md that read a data set."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pandas as pd
import pytest
from archives import clip, photo
from places import ROOT

from expnet_live.cli import main

DOCS = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
LINES = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> Path:
    place = tmp_path_factory.mktemp("docs")
    clip(place / "anna" / "a.mp4", n=6)
    photo(place / "anna" / "a.png")
    with contextlib.chdir(place):
        assert main(["archive", "anna", "--out", "interviews", "--cluster", scheduler, "--people", "folder"]) == 0
    return place


@pytest.mark.parametrize("code", LINES, ids=range(len(LINES)))
def test_the_lines_read_it(
    code: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len([line for line in code.splitlines() if line]) == 3
    monkeypatch.chdir(place)
    exec(code, {"Path": Path, "rows": pd.read_parquet("interviews/faces")})
    assert len(capsys.readouterr().out) > 10
