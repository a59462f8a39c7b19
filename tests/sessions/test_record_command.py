"""`expnet-live record` and `expnet-live sessions`, as a person calls them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from media import write_numbered
from session_files import INFO_OF_TEST, write_session
from waiting import until

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.sessions.format.folder import TABLE
from expnet_live.sessions.format.info import write_info
from expnet_live.sessions.reading.pictures import pictures
from expnet_live.sessions.reading.session import Session

COMMAND = [sys.executable, "-m", "expnet_live"]
RATE = 30  # pictures per second of the demo clip


def enough_disk(path: Path) -> None:
    if shutil.disk_usage(path).free < 1.1e9:
        pytest.skip("less than 1 GB is free on this disk")


@contextmanager
def watched() -> Iterator[list[float]]:
    """By how much a thread of this process, which waits a thirtieth of a second, comes late: s, while a block runs."""
    late, stop = [0.0], threading.Event()

    def watch() -> None:
        last = time.monotonic()
        while not stop.wait(1 / RATE):
            last, before = time.monotonic(), last
            late.append(last - before - 1 / RATE)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield late
    finally:
        stop.set()
        thread.join()


def places_in_the_clip(session: Session) -> np.ndarray:
    """The number of each recorded picture in the demo clip, by what is in it."""

    def small(image: np.ndarray) -> np.ndarray:
        return image[::16, ::16].astype(np.float64)

    with open_source("demo") as source:
        clip = np.array([small(frame.image) for frame in source])
    assert session.video is not None
    size = session.info.width, session.info.height
    seen = [small(picture.image) for picture in pictures(session.video, session.rows, size)]
    return np.array([np.abs(clip - picture).mean((1, 2, 3)).argmin() for picture in seen])


def test_a_recording_by_the_network_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However busy this computer is: what it holds up is measured in the same run."""
    enough_disk(tmp_path)
    out, asked = tmp_path / "s", 4.0
    command = ["record", "--source", "demo", "--out", str(out), "--duration", str(asked), "--smoothing", "stable"]
    with watched() as late:
        assert main(command) == 0
    assert "frames" in capsys.readouterr().out
    session = Session.open(out)
    info, rows = session.info, session.rows
    assert info.complete and info.smoothing == "stable"
    assert info.drops is not None and info.frames >= 2 and info.video_frames == info.frames == len(rows)
    assert (rows.video_frame == rows.frame).all() and (rows.confidence > 0.5).all()
    # It ends when it should: between two frames, as fast as the network takes them, and as soon as a thread is woken.
    gaps = np.diff(rows.time)
    assert asked - 3 * gaps.max() - 0.1 < info.duration < asked + 2 * max(late) + 0.1
    # Each picture of the clip up to the last is a row or a drop; more are dropped only while the network has the last.
    places = places_in_the_clip(session)
    assert (np.diff(places) > 0).all()
    assert places[-1] < info.frames + info.drops <= places[-1] + 2 + RATE * 2 * gaps.max()
    # The clip plays at its own rate. Where no picture comes for a quarter of a second, it does not try to catch up.
    behind = gaps - np.diff(places) / RATE
    assert np.cumsum(behind).min() > -0.3 and np.cumsum(np.where(gaps < 0.25, behind, 0.0)).max() < 0.3
    assert main(["sessions", "show", str(out)]) == 0
    assert f"{len(rows)} pictures" in capsys.readouterr().out
    assert main(["record", "--source", "demo", "--out", str(out), "--duration", "1"]) == 2
    assert "already contains a session" in capsys.readouterr().err


def test_every_frame_is_a_row_or_a_drop_and_a_photo_ends(tmp_path: Path) -> None:
    enough_disk(tmp_path)
    clip = write_numbered(tmp_path / "clip.mp4", n=45)
    assert main(["record", "--source", str(clip), "--out", str(tmp_path / "clip"), "--no-video"]) == 0
    info = Session.open(tmp_path / "clip").info
    assert info.drops is not None and info.frames + info.drops == 45
    image = tmp_path / "grey.png"
    cv2.imwrite(str(image), np.full((60, 80, 3), 90, np.uint8))
    assert main(["record", "--source", str(image), "--out", str(tmp_path / "photo"), "--no-video"]) == 0
    info = Session.open(tmp_path / "photo").info
    assert info.complete and 0.5 < info.duration < 2.0


@pytest.mark.usefixtures("heeding_signals")
@pytest.mark.skipif(os.name != "posix", reason="signals are another matter there")
def test_ended_by_a_signal_and_killed(tmp_path: Path) -> None:
    enough_disk(tmp_path)
    runs = {}
    signs = {"ended": signal.SIGTERM, "terminal closed": signal.SIGHUP, "killed": signal.SIGKILL}
    for name, sign in signs.items():
        command = [*COMMAND, "record", "--source", "demo", "--out", str(tmp_path / name), "--no-video"]
        runs[name] = sign, subprocess.Popen([*command, "--duration", "300"], stdout=subprocess.PIPE, text=True)
    for name, (sign, process) in runs.items():
        table, end = tmp_path / name / TABLE, time.monotonic() + 120
        while not table.is_file() or table.read_bytes().count(b"\n") < 4:
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
        process.send_signal(sign)
        out, _ = process.communicate(timeout=300)
        assert process.returncode == (-signal.SIGKILL if name == "killed" else 0)
        assert ("frames" in out) == (name != "killed")
    assert Session.open(tmp_path / "ended").info.complete
    assert Session.open(tmp_path / "terminal closed").info.complete
    assert not Session.open(tmp_path / "killed").info.complete
    assert main(["sessions", "recover", str(tmp_path / "killed")]) == 0
    assert Session.open(tmp_path / "killed").info.recovered


@pytest.mark.usefixtures("heeding_signals")
@pytest.mark.skipif(os.name != "posix", reason="signals are another matter there")
def test_a_terminal_that_says_again_that_it_is_closed(tmp_path: Path) -> None:
    """It says so itself, and so does its shell, while the recording ends."""
    enough_disk(tmp_path)
    command = [*COMMAND, "record", "--source", "demo", "--out", str(tmp_path / "s"), "--duration", "300"]
    process = subprocess.Popen(command)
    table = tmp_path / "s" / TABLE
    until(lambda: table.is_file() and table.read_bytes().count(b"\n") > 30, "the recording")
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.002)
    assert Session.open(tmp_path / "s").info.complete


def test_what_cannot_be_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "--source", str(tmp_path / "no.mp4"), "--out", str(tmp_path / "s")]) == 2
    assert "no.mp4; check the name" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    write_session(tmp_path / "earlier", 12)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.png").write_bytes(b"")
    (tmp_path / "photos" / ".DS_Store").write_bytes(b"")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for source in ("demo", str(tmp_path / "no.mp4")):
        for out in ("earlier", "photos"):
            assert main(["record", "--source", source, "--out", str(tmp_path / out), "--duration", "1"]) == 2
    assert "photos contains other files; choose a new folder." in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    (tmp_path / "file").touch()
    assert main(["record", "--source", "demo", "--out", str(tmp_path / "file"), "--duration", "5"]) == 2
    assert "Recording into" in capsys.readouterr().err


def test_videos_are_imported_from_among_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "holiday", tmp_path / "sessions"
    folder.mkdir()
    photo = folder / "photo.png"
    cv2.imwrite(str(photo), np.zeros((48, 64, 3), np.uint8))
    assert main(["sessions", "import", str(folder), "--out", str(out)]) == 2
    assert f"There is no video in {folder}" in capsys.readouterr().err
    write_numbered(folder / "a.mp4", n=2)
    assert main(["sessions", "import", str(folder), "--out", str(out)]) == 0
    assert capsys.readouterr() == (f"{out / 'a'}: 2 frames, 0.0 s.\n", "")
    assert main(["sessions", "import", str(photo), "--out", str(out)]) == 1
    assert "photo.png is not a video" in capsys.readouterr().err


def test_list_show_and_recover(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_SESSIONS", str(tmp_path))
    assert main(["sessions", "list"]) == 0
    assert "There are no sessions" in capsys.readouterr().out
    for name in ("a", "b", "c"):
        write_session(tmp_path / name, n=7)
    write_info(tmp_path / "b", replace(INFO_OF_TEST, title="Title"))
    (tmp_path / "c" / "session.json").write_text("{}")
    assert main(["sessions", "list"]) == 0
    third, second, first = capsys.readouterr().out.splitlines()
    assert second.index("demo") == first.index("demo")
    assert "damaged" in third and "cut off; recover it" in second and "Title" in second and "7 frames" in first
    assert main(["sessions", "show", str(tmp_path / "b")]) == 0
    assert "cut off, or still being recorded" in capsys.readouterr().out
    assert main(["sessions", "recover"]) == 0
    assert "b is complete: 0.2 s, 7 rows." in capsys.readouterr().out
    assert main(["sessions", "recover"]) == 0
    assert "No session needs recovery" in capsys.readouterr().out
    assert main(["sessions", "recover", str(tmp_path / "c"), str(tmp_path / "a")]) == 2
    told = capsys.readouterr()
    assert "damaged" in told.err and "a is complete" in told.out
    assert main(["sessions", "show", str(tmp_path / "a")]) == 0
    assert "without face: 1 times" not in capsys.readouterr().out  # write_session notes none
