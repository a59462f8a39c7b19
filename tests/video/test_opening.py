"""File names are names, whatever they look like to FFmpeg."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import av
import numpy as np
import pytest

import expnet_live
from expnet_live.video.opening import open_media

NAMES = ["2024-05-01T10:15:30.mkv", "concat:a|b.mkv", "http:x.mkv", "file:x.mkv", "frame%03d.mkv", "q?a=1#b.mkv", "-"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")


@posix
@pytest.mark.parametrize("name", [*NAMES, "pipe:", os.fsdecode(b"l\xe9.mkv")])
def test_a_relative_name_is_written_and_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_media(Path(name), "w", format="matroska") as out:
        stream = out.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")))
        out.mux(stream.encode(None))
    assert [p.name for p in tmp_path.iterdir()] == [name]
    with open_media(name) as read:
        assert len(list(read.decode(video=0))) == 1


def test_nobody_else_opens_files_with_pyav() -> None:
    package = Path(expnet_live.__file__).parent
    callers = [p for p in package.rglob("*.py") if "av.open(" in p.read_text(encoding="utf-8")]
    assert [p.relative_to(package).as_posix() for p in callers] == ["video/opening.py"]
