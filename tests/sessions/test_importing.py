"""Videos become sessions: `expnet-live sessions import`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.core.paths import asset
from expnet_live.sessions.catalog.catalog import rename
from expnet_live.sessions.reading.session import Session
from expnet_live.video.writer import VideoWriter


def test_a_batch_of_videos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    times = [0.5, 0.54, 0.6, 0.9]
    with VideoWriter(folder / "below/grey.mp4") as writer:
        for n, time in enumerate(times):
            writer.write(np.full((48, 64, 3), 40 * n, np.uint8), time)
    shutil.copy(asset("demo.mp4"), folder / "demo.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    arguments = ["sessions", "import", str(folder), "--out", str(tmp_path / "out")]
    assert main(arguments) == 1
    assert capsys.readouterr().err.count("broken.mp4") == 1
    demo, grey = (Session.open(tmp_path / "out" / name) for name in ("demo", "below_grey"))
    assert demo.info.complete and demo.info.frames == demo.info.video_frames == 240
    assert (demo.rows.face >= 0).mean() > 0.9 and demo.info.blendshapes
    assert grey.rows.time == pytest.approx(np.subtract(times, times[0]), abs=2e-3)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"demo", "below_grey"}


def test_an_earlier_session_stays(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "grey.mp4") as writer:
        for n in range(3):
            writer.write(np.full((48, 64, 3), 40 * n, np.uint8), n / 10)
    for _ in range(2):
        assert main(["sessions", "import", str(tmp_path / "grey.mp4"), "--out", str(tmp_path / "out")]) == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"grey", "grey-2"}


def test_paths_of_any_length_and_what_cannot_be_written(tmp_path: Path) -> None:
    deep = tmp_path / "in" / ("a" * 150) / ("b" * 150)
    for folder in (deep, tmp_path / "in" / "c"):
        folder.mkdir(parents=True)
        with VideoWriter(folder / "grey.mp4") as writer:
            for n in range(3):
                writer.write(np.full((48, 64, 3), 40 * n, np.uint8), n / 10)
    for _ in range(2):  # earlier sessions stay, and the next ones are written
        assert main(["sessions", "import", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 0
    names = {p.name[-9:] for p in (tmp_path / "out").iterdir()}
    assert names == {"bbbbbbbbb", "bbbbbbb-2", "c_grey", "c_grey-2"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems' file names are text")
def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    video = tmp_path / os.fsdecode(b"F\xfc\xdfe.mp4")
    with VideoWriter(video) as writer:
        for n in range(3):
            writer.write(np.full((48, 64, 3), 40 * n, np.uint8), n / 10)
    assert main(["sessions", "import", str(video), "--out", str(tmp_path / "out")]) == 0
    (folder,) = (tmp_path / "out").iterdir()
    session = Session.open(folder)
    assert session.info.title == video.stem and session.info.source == str(video) and len(session.rows) == 3
    rename(folder, "Feet")
    assert Session.open(folder).info.source == str(video)
