"""Recorders on frames made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from session_files import INFO_OF_TEST, live_state, picture
from waiting import PATIENCE

from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.recording.recorder import Limits, Recorder

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
