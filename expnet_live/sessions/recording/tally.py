"""Counts of a session, made while it is recorded, or afterwards from its rows."""

from __future__ import annotations

from dataclasses import replace

from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.format.table import Rows


class Tally:
    """Takes each frame with written rows, in order; `video`: whether it is recorded with video."""

    def __init__(self, video: bool) -> None:
        self._video = video
        self._unwritten: list[tuple[int, int]] = []
        self._lost: list[tuple[float, float]] = []
        self._lost_since: float | None = None
        self._next = 0
        self.rows = 0
        self.time = 0.0

    def add(self, frame: int, time: float, faces: int, pictured: bool) -> None:
        if frame > self._next:
            self._miss(self._next, frame - 1)
        if self._video and not pictured:
            self._miss(frame, frame)
        if faces and self._lost_since is not None:
            self._lost.append((self._lost_since, time))
            self._lost_since = None
        elif not faces and self._lost_since is None:
            self._lost_since = time
        self._next, self.time = frame + 1, time
        self.rows += max(faces, 1)

    def end(self, frames: int) -> None:
        """Finish; `frames` is their total number, because the last ones may not have been written."""
        if frames > self._next:
            self._miss(self._next, frames - 1)
            self._next = frames

    def _miss(self, first: int, last: int) -> None:
        if self._unwritten and self._unwritten[-1][1] == first - 1:
            first = self._unwritten.pop()[0]
        self._unwritten.append((first, last))

    def noted(self, info: SessionInfo) -> SessionInfo:
        """`info` with the counts."""
        lost = self._lost if self._lost_since is None else [*self._lost, (self._lost_since, self.time)]
        return replace(
            info,
            duration=self.time,
            frames=self._next,
            rows=self.rows,
            unwritten=tuple(self._unwritten),
            lost_face=tuple(lost),
        )


def tally_of(rows: Rows, video: bool) -> Tally:
    """Count from a session's rows."""
    tally = Tally(video)
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and rows.frame[end] == rows.frame[start]:
            end += 1
        faces = end - start if rows.face[start] >= 0 else 0
        tally.add(int(rows.frame[start]), float(rows.time[start]), faces, bool(rows.video_frame[start] >= 0))
        start = end
    return tally
