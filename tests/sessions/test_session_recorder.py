"""Recording: rows and pictures match, and nothing waits for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorders import FREE, finish, put, recorder_in
from session_files import INFO_OF_TEST, face, live_state, picture, video_numbers
from waiting import PATIENCE, until

from expnet_live.person.person import Person
from expnet_live.sessions.format.folder import INFO, MARKERS, TABLE, VIDEO
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.encoder import Room
from expnet_live.sessions.recording.recorder import Limits, Recorder
from expnet_live.video.writer import VideoWriter


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


def test_the_latest_tone_of_each_skin_is_kept(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, video=False)
    for i in range(6):
        state = live_state(i, 100 + i / 30, picture(i))
        seen = [
            replace(state.faces[0], state=replace(face(i), face=n, skin=np.array([90.0 + i, 60, 50 + n])))
            for n in (0, 4)
        ]
        recorder.put(replace(state, faces=tuple(seen)))
    finish(recorder)
    info = Session.open(tmp_path).info
    assert {n: skin.tolist() for n, skin in info.skins.items()} == {0: [95, 60, 50], 4: [95, 60, 54]}
    assert np.array_equal(info.skin_of(4), [95, 60, 54]) and info.skin_of(7) is None and info.skin_of(None) is None


def test_a_size_that_is_odd_and_one_that_changes(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    for i in range(6):
        recorder.put(live_state(i, i / 30, picture(i, *((161, 121) if i != 3 else (320, 240)))))
    info = finish(recorder)
    assert (info.width, info.height, info.unwritten, recorder.missed) == (161, 121, ((3, 3),), 1)
    assert recorder.late == 0 and "another size than 161 x 121" in recorder.warnings[0]
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

    def __call__(self, path: Path, fps: float, preset: object, *, sound: bool) -> VideoWriter:
        self.asked.set()
        assert self.answers.wait(PATIENCE)
        return VideoWriter(path, fps, preset, sound=sound)


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
        answer.wait(PATIENCE)  # a disk that does not respond
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
    assert "coefficients continue" in recorder.warnings[0]
    assert (info.frames, info.rows, info.video_frames, info.unwritten) == (11, 11, 5, ((5, 10),))
    assert [n for n, _ in video_numbers(tmp_path / VIDEO)] == list(range(5))
