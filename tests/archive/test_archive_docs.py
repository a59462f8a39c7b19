"""The lines of docs/archive.md that read a data set."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from archives import clip, photo
from places import ROOT

from expnet_live.archive.inputs import list_inputs
from expnet_live.archive.settings import settings_of
from expnet_live.archive.tasks import read_photos, read_video

DOCS = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")
LINES = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("docs")
    settings = settings_of()
    with contextlib.chdir(place):
        (video,) = list_inputs([clip(place / "a.mp4", n=4).name])
        photos = list_inputs([photo(place / "a.png").name])
    read_video(video, 0, settings, place / "interviews")
    read_photos(photos, "kind=photo/bucket=3/photos-1.parquet", settings, place / "interviews")
    return place


@pytest.mark.parametrize("code", LINES, ids=[line.split()[1] for line in LINES])
def test_the_lines_read_it(
    code: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len([line for line in code.splitlines() if line]) == 3
    monkeypatch.chdir(place)
    exec(code, {})
    assert "a.mp4" in (told := capsys.readouterr().out) or "rad" in told
