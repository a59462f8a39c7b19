"""Recording: rows and pictures in step, nothing waits for the disk, and what was written survives anything."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from session_files import INFO_OF_TEST, face, live_state, picture, video_numbers
from waiting import PATIENCE, until

from expnet_live.core.errors import UserError
from expnet_live.person.person import Person
from expnet_live.sessions.catalog.recovery import recover, recover_all
from expnet_live.sessions.format.folder import INFO, LOCK, MARKERS, TABLE, VIDEO, FolderLock
from expnet_live.sessions.format.info import SessionInfo, write_info
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.encoder import Room
from expnet_live.sessions.recording.recorder import Limits, Recorder
from expnet_live.threads.worker import Life
from expnet_live.video.writer import VideoWriter

FREE = Limits(warn_free=0, least_free=0)  # the tests' disk may be small


def recorder_in(folder: Path, *, limits: Limits = FREE, video: bool = True) -> Recorder:
    recorder = Recorder(folder, lambda: INFO_OF_TEST, video=video, fps=lambda: 30.0, limits=limits)
    recorder.start()
    return recorder


def put(recorder: Recorder, frames: range, faces: Callable[[int], int] = lambda i: 1, begun: float = 100.0) -> None:
    """Frames of 30 a second, on a clock that shakes a little."""
    for i in frames:
        recorder.put(live_state(i, begun + i / 30 + 0.004 * (i % 3), picture(i), faces(i), drops=7 + i // 10))


def finish(recorder: Recorder) -> SessionInfo:
    recorder.stop()
    assert recorder.join(PATIENCE)
    assert recorder.problem is None and recorder.info is not None
    return recorder.info


def test_rows_and_pictures_agree_to_the_frame(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "session"
    recorder = recorder_in(folder)
    put(recorder, range(20))
    assert recorder.mark("look here") is not None
    recorder.set_person(Person("Grace", None, {"c1": 1.0}))
    # Frames that were not processed, and those of another source, are no part of it.
    recorder.put(live_state(9, 200.0, picture(9), generation=2))
    put(recorder, range(20, 60), faces=lambda i: 0 if 30 <= i < 40 or i >= 55 else 2)
    until(lambda: recorder.encoder is not None and recorder.encoder.written == 60, "pictures")
    info = finish(recorder)
    session = Session.open(folder)
    rows = session.rows
    assert info.to_json() == session.info.to_json()
    assert (info.status, info.frames, info.rows, info.video_frames, info.drops) == ("complete", 60, 85, 60, 5)
    assert (info.width, info.height, info.unwritten, info.n_unwritten) == (320, 240, (), 0)
    assert info.monotonic_start == 100.0 and info.person.name == "Grace" and not info.recovered
    times = [i / 30 + 0.004 * (i % 3) for i in range(60)]
    assert info.duration == pytest.approx(times[-1])
    assert np.ravel(info.lost_face) == pytest.approx([times[30], times[40], times[55], times[59]])
    _, first = np.unique(rows.frame, return_index=True)
    assert rows.time[first] == pytest.approx(times, abs=1e-6)
    assert (rows.frame == rows.video_frame).all()
    assert (rows.expression[first[25]] == face(25).expression).all()
    assert session.video is not None
    pictures = video_numbers(session.video)
    assert [n for n, _ in pictures] == list(range(60))
    assert [t for _, t in pictures] == pytest.approx(times, abs=0.00051)
    assert [m.label for m in session.markers] == ["look here"]
    assert sorted(p.name for p in folder.iterdir()) == sorted([INFO, TABLE, MARKERS, VIDEO])


def test_without_a_video(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, video=False)
    assert recorder.mark("too early") is None
    put(recorder, range(10))
    info = finish(recorder)
    session = Session.open(tmp_path)
    assert info.video_frames is None and info.unwritten == () and session.video is None
    assert session.rows.video_frame.tolist() == [-1] * 10 and not (tmp_path / VIDEO).exists()


def test_a_size_that_is_odd_and_one_that_changes(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    for i in range(6):
        recorder.put(live_state(i, i / 30, picture(i, *((161, 121) if i != 3 else (320, 240)))))
    info = finish(recorder)
    assert (info.width, info.height, info.unwritten, recorder.missed) == (161, 121, ((3, 3),), 1)
    session = Session.open(tmp_path)
    assert session.rows.video_frame.tolist() == [0, 1, 2, -1, 3, 4]
    assert [n for n, _ in video_numbers(tmp_path / VIDEO)] == [0, 1, 2, 4, 5]


def test_times_increase_on_a_coarse_clock(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    for i in range(6):
        recorder.put(live_state(i, 5.0 + i // 2 * 0.016, picture(i)))
    finish(recorder)
    assert Session.open(tmp_path).rows.time == pytest.approx([0, 0.001, 0.016, 0.017, 0.032, 0.033])
    assert [round(t, 3) for _, t in video_numbers(tmp_path / VIDEO)] == [0, 0.001, 0.016, 0.017, 0.032, 0.033]


class SlowDisk:
    """Opens videos, each of which waits for the disk with its first picture until `answers`."""

    def __init__(self) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()

    def __call__(self, path: Path, fps: float, preset: object) -> VideoWriter:
        self.asked.set()
        assert self.answers.wait(PATIENCE)
        return VideoWriter(path, fps, preset)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    slow = SlowDisk()
    monkeypatch.setattr("expnet_live.sessions.recording.encoder.VideoWriter", slow)
    yield slow
    slow.answers.set()


def started(disk: SlowDisk, folder: Path, limits: Limits) -> Recorder:
    """A recorder whose encoder is held up by the first picture."""
    recorder = Recorder(folder, lambda: INFO_OF_TEST, limits=limits)
    recorder.start()
    put(recorder, range(1))
    assert disk.asked.wait(PATIENCE)
    return recorder


def test_a_slow_encoder_holds_nobody_up(disk: SlowDisk, tmp_path: Path) -> None:
    recorder = started(disk, tmp_path, Limits(3000, Room(pictures=10), 0, 0))
    begun = time.monotonic()
    put(recorder, range(1, 31))
    assert time.monotonic() - begun < 1
    assert recorder.missed == 20
    # Rows do not wait for it.
    until(lambda: (tmp_path / TABLE).read_bytes().count(b"\n") == 32, "rows")
    disk.answers.set()
    until(lambda: recorder.encoder is not None and recorder.encoder.written == 11, "pictures")
    put(recorder, range(31, 36))
    info = finish(recorder)
    assert (info.frames, info.rows, info.video_frames) == (36, 36, 16)
    assert (info.unwritten, info.n_unwritten) == (((11, 30),), 20)
    assert [n for n, _ in video_numbers(tmp_path / VIDEO)] == [*range(11), *range(31, 36)]
    rows = Session.open(tmp_path).rows
    assert rows.video_frame.tolist() == [*range(11), *[-1] * 20, *range(11, 16)]


def test_pictures_are_bounded_by_their_size_too(disk: SlowDisk, tmp_path: Path) -> None:
    recorder = started(disk, tmp_path, Limits(3000, Room(90, 4.5 * 320 * 240 * 3), 0, 0))
    put(recorder, range(1, 10))
    assert recorder.missed == 5
    disk.answers.set()
    finish(recorder)


def test_frames_whose_rows_do_not_fit_either_are_listed(tmp_path: Path) -> None:
    answer = threading.Event()

    def describe() -> SessionInfo:
        answer.wait(PATIENCE)  # a disk that does not answer
        return INFO_OF_TEST

    recorder = Recorder(tmp_path, describe, limits=Limits(8, Room(), 0, 0))
    recorder.start()
    put(recorder, range(12))
    answer.set()
    until(lambda: recorder.waiting == 0 and (tmp_path / TABLE).is_file(), "rows")
    put(recorder, range(12, 15))
    info = finish(recorder)
    assert (info.frames, info.rows, info.unwritten, recorder.missed) == (15, 11, ((8, 11),), 4)
    assert Session.open(tmp_path).rows.frame.tolist() == [*range(8), 12, 13, 14]


def test_pictures_that_are_too_late_at_the_end(disk: SlowDisk, tmp_path: Path) -> None:
    """Rows that named them name them no more."""
    recorder = started(disk, tmp_path, replace(FREE, drain=0.0))
    put(recorder, range(1, 6))
    recorder.stop()
    until(lambda: recorder.encoder is not None and recorder.encoder.finishing, "the end")
    disk.answers.set()
    info = finish(recorder)
    # The one that was under way when it ended is whole.
    assert (info.video_frames, info.unwritten, recorder.missed) == (1, ((1, 5),), 5)
    assert Session.open(tmp_path).rows.video_frame.tolist() == [0, *[-1] * 5]
    assert "\n1,,0.037333," in (tmp_path / TABLE).read_text()


def test_an_encoder_that_breaks_leaves_the_coefficients(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    put(recorder, range(5))
    encoder = recorder.encoder
    assert encoder is not None
    until(lambda: encoder.written == 5, "pictures")
    recorder.put(live_state(5, 100 + 5 / 30, picture(5).astype(np.float64)))  # no picture that a video takes
    until(lambda: encoder.error is not None, "the end of the encoder")
    put(recorder, range(6, 11))
    info = finish(recorder)
    assert "coefficients continue" in recorder.warning
    assert (info.frames, info.rows, info.video_frames, info.unwritten) == (11, 11, 5, ((5, 10),))
    assert [n for n, _ in video_numbers(tmp_path / VIDEO)] == list(range(5))


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="recorders are forked, which this system cannot do")
def test_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    n, seed = 20, random.randrange(10**6)
    moments = random.Random(seed)
    script = ROOT / "tests" / "support" / "killed_recorder.py"
    command = [sys.executable, str(script), str(tmp_path), str(n)]
    told: dict[str, int] = {}  # the last frame that each one says it has handed over
    kill_after = {str(i): moments.uniform(0.0, 3.0) for i in range(n)}
    begun: dict[str, float] = {}
    killed: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        try:
            for line in parent.stdout:
                name, process, frame = line.split()
                told[name] = int(frame)
                if not (tmp_path / name / INFO).exists():
                    continue
                begun.setdefault(name, time.monotonic())
                if name not in killed and time.monotonic() - begun[name] >= kill_after[name]:
                    os.kill(int(process), signal.SIGKILL)
                    killed.add(name)
                if len(killed) == n:
                    break
            told |= _rest(parent.stdout, parent)
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
    for name in sorted(killed):
        folder, where = tmp_path / name, f"recording {name}, seed {seed}"
        assert len(Session.open(folder).rows) >= told[name], where  # readable as it is: told+1 frames, one may be lost
        info = recover(folder)
        session = Session.open(folder)
        rows = session.rows
        assert info.complete and info.recovered and info.drops is None and len(rows) == info.rows, where
        assert rows.frame.tolist() == list(range(len(rows))) and len(rows) >= told[name], where
        pictures = [] if session.video is None else video_numbers(session.video)
        assert len(pictures) == info.video_frames, where
        # The picture that a row names is that of its frame, at its time.
        for frame, number, moment in zip(rows.frame, rows.video_frame, rows.time, strict=True):
            if number >= 0:
                assert pictures[number] == (frame, pytest.approx(moment, abs=0.002)), where
        assert (rows.video_frame >= 0).sum() == min(len(pictures), len(rows)), where
        missing = info.duration - (pictures[-1][1] if pictures else 0.0)
        assert missing <= 1.5, where
        assert recover(folder).to_json() == info.to_json()


def _rest(lines: Iterator[str], parent: subprocess.Popen[str]) -> dict[str, int]:
    """What was told between the kill and its being noticed."""
    os.killpg(parent.pid, signal.SIGKILL)
    return {name: int(frame) for name, _, frame in (line.split() for line in lines if line.endswith("\n"))}


def test_all_that_need_it_are_recovered(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        recorder = recorder_in(tmp_path / name, video=False)
        put(recorder, range(3))
        info = finish(recorder)
        if name != "a":
            write_info(tmp_path / name, INFO_OF_TEST)
    lock = FolderLock(tmp_path / "c")
    with pytest.raises(UserError, match="is being recorded"):
        recover(tmp_path / "c")
    (recovered,) = recover_all(tmp_path)
    lock.release()
    assert isinstance(recovered, SessionInfo) and recovered.rows == 3
    assert (tmp_path / "b" / TABLE).read_bytes() == (tmp_path / "a" / TABLE).read_bytes()
    assert info.complete and not (tmp_path / "c" / LOCK).exists()
    (tmp_path / "c" / TABLE).unlink()
    (problem,) = recover_all(tmp_path)
    assert isinstance(problem, UserError) and "is missing" in str(problem)


# --- disks ----------------------------------------------------------------------------------------


def failed(recorder: Recorder) -> str:
    assert recorder.join(PATIENCE)
    assert recorder.life is Life.FAILED and recorder.problem is not None
    assert recorder.problem.endswith(".") and "\n" not in recorder.problem
    return recorder.problem


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def noise(i: int) -> np.ndarray:
    return np.random.default_rng(i).integers(0, 255, (240, 320, 3), np.uint8)


def test_a_disk_that_fills_by_the_video(small_disk: Path) -> None:
    folder = small_disk / "session"
    recorder = recorder_in(folder)
    i = 0
    while not recorder.ended:
        recorder.put(live_state(i, 10 + i / 30, noise(i)))
        i += 1
        time.sleep(0.001)
    problem = failed(recorder)
    assert "is full" in problem and str(folder) in problem and "Free some space" in problem
    before = Session.open(folder)
    assert len(before.rows) > 10
    (small_disk / "session" / "x").unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    info = recover(folder)
    session = Session.open(folder)
    assert info.complete and len(session.rows) == len(before.rows) and session.video is not None
    pictures = video_numbers(session.video)
    assert len(pictures) == info.video_frames > 3
    assert session.rows.video_frame.max() == len(pictures) - 1


def test_a_disk_that_fills_by_the_rows(small_disk: Path) -> None:
    recorder = recorder_in(small_disk / "session", video=False)
    i = 0
    while not recorder.ended:
        if recorder.waiting < 2000:
            recorder.put(live_state(i, 10 + i / 30, picture(0)))
            i += 1
    assert "is full" in failed(recorder)
    table = (small_disk / "session" / TABLE).read_bytes()
    assert table.endswith(b"\n")  # no row is half there
    rows = Session.open(small_disk / "session").rows
    assert rows.frame.tolist() == list(range(table.count(b"\n") - 1)) and len(rows) > 1000


def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "Recording into" in failed(recorder_in(tmp_path / "file" / "session"))
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        if not Path("/proc/version").exists():
            pytest.skip("root may write everywhere")
        problem = failed(recorder_in(Path("/proc/session")))  # here not even root
    else:
        (tmp_path / "closed").mkdir(mode=0o500)
        problem = failed(recorder_in(tmp_path / "closed" / "session"))
    assert "Recording into" in problem and "choose a writable folder" in problem


def test_a_folder_that_holds_something(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "s", video=False)
    put(recorder, range(3))
    finish(recorder)
    before = (tmp_path / "s" / TABLE).read_bytes()
    assert "already contains a session" in failed(recorder_in(tmp_path / "s"))
    assert (tmp_path / "s" / TABLE).read_bytes() == before


def test_a_folder_deleted_while_it_is_recorded_into(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    recorder = recorder_in(folder)
    put(recorder, range(3))
    until(lambda: (folder / VIDEO).is_file(), "the video")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    i = 3
    while not recorder.ended:
        recorder.put(live_state(i, 100 + i / 30, picture(i)))
        i += 1
        time.sleep(0.01)
    problem = failed(recorder)
    assert "is gone" in problem and "choose another folder" in problem
    assert not folder.exists()


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    """The guard, with limits beyond any disk."""
    problem = failed(recorder_in(tmp_path / "never", limits=Limits(least_free=1e18)))
    assert "so nothing more is recorded" in problem and not (tmp_path / "never").exists()
    recorder = recorder_in(tmp_path / "s", limits=Limits(warn_free=1e18, least_free=0))
    put(recorder, range(3))
    until(lambda: recorder.warning, "the warning")
    assert "GB are free" in recorder.warning
    recorder.limits = Limits(least_free=1e18)  # as if others had filled it
    problem = failed(recorder)
    info = Session.open(tmp_path / "s").info
    assert info.complete and info.rows == 3 and info.video_frames == 3 and info.problem == problem
