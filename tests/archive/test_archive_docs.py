"""The lines of docs/archive.md that read a data set."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
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


def test_a_report_of_it_says_how_it_was_read(place: Path, tmp_path: Path) -> None:
    assert main(["report", str(place / "interviews"), "--out", str(tmp_path)]) == 2  # six frames are no recording
    clip(tmp_path / "long.mp4", n=20)
    out = tmp_path / "out"
    assert main(["archive", str(tmp_path / "long.mp4"), "--out", str(out), "--cluster", "local:1"]) == 0
    assert main(["report", str(out), "--out", str(tmp_path / "report")]) == 0
    assert "smoothing balanced." in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_arrow_opens_it_as_r_does(place: Path) -> None:
    """R's arrow is the same library, whose open_dataset opens a folder of hive partitions."""
    faces = ds.dataset(place / "interviews" / "faces", partitioning="hive")
    table = faces.to_table(["source", "AU12", "kind"], filter=ds.field("confidence") > 0.5)
    assert set(table["kind"].to_pylist()) == {"video", "photo"}
    assert len(table.group_by("source").aggregate([("AU12", "mean")])) == 2
