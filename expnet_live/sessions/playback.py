"""The clock of a session that is played back: which of its moments is due."""

from __future__ import annotations

import numpy as np

from expnet_live.types import Array

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
_SAME = 1e-6  # s: the table's own rounding


class Playback:
    """Plays `times` (T,), the session's increasing moments in s. `now` is any clock that never jumps, in s.

    `range` (from, to), in s of the session, bounds what is played as soon as the position is in it; without one, the
    whole session does. At the end it begins again when `loop` is on, and stops otherwise.
    """

    def __init__(self, times: Array) -> None:
        if not len(times):
            raise ValueError("there is nothing to play")
        self._times = np.asarray(times, float)
        self._usual = float(np.median(np.diff(self._times))) if len(times) > 1 else 0.0
        self._position = self.start
        self._now: float | None = None  # of the position; None while it stands still
        self._speed = 1.0
        self._range: tuple[float, float] | None = None
        self.loop = False

    @property
    def start(self) -> float:
        return float(self._times[0])

    @property
    def end(self) -> float:
        return float(self._times[-1])

    @property
    def playing(self) -> bool:
        return self._now is not None

    @property
    def position(self) -> float:
        """In s of the session, as of the last call."""
        return self._position

    @property
    def row(self) -> int:
        """The last one whose time has come."""
        return self.row_at(self._position)

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def range(self) -> tuple[float, float] | None:
        return self._range

    def row_at(self, time: float) -> int:
        """The one that is shown at `time`."""
        return max(0, int(np.searchsorted(self._times, time + _SAME, side="right")) - 1)

    def time_of(self, row: int) -> float:
        return float(self._times[row])

    def play(self, now: float) -> None:
        """From the position on; at an end from the beginning again."""
        start, end = self._bounds()
        if self._position >= end - _SAME:
            self._position = start
        self._now = now

    def pause(self, now: float) -> None:
        self.advance(now)
        self._now = None

    def set_speed(self, speed: float, now: float) -> None:
        """`speed` in seconds of the session per second."""
        if speed <= 0:
            raise ValueError(f"the speed must be above 0, not {speed}")
        self.advance(now)
        self._speed = speed

    def seek(self, time: float, now: float) -> None:
        """Goes on from there when it plays, stands there when not."""
        self._position = float(np.clip(time, self.start, self.end))
        if self.playing:
            self._now = now

    def step(self, rows: int, now: float) -> None:
        """Stands still, so many recorded moments on."""
        self.pause(now)
        self._position = self.time_of(int(np.clip(self.row + rows, 0, len(self._times) - 1)))

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        """Cut to the session; one without a length is none."""
        if wanted is not None:
            low, high = np.clip(wanted, self.start, self.end)
            wanted = (float(low), float(high)) if high > low else None
        self._range = wanted

    def advance(self, now: float) -> int:
        """The row that is due."""
        if self._now is not None:
            start, end = self._bounds()
            self._position += max(0.0, now - self._now) * self._speed
            self._now = now
            if self._position >= end:
                self._finish(start, end)
        return self.row

    def _bounds(self) -> tuple[float, float]:
        """Of what is played from here: beyond the range, the rest of the session."""
        if self._range is not None and self._position <= self._range[1]:
            return self._range
        return self.start, self.end

    def _finish(self, start: float, end: float) -> None:
        if self.loop and end > start:
            # The last moment is seen as long as any other.
            over = (self._position - start) % (end - start + self._usual)
            self._position = min(start + over, end)
        else:
            self._position, self._now = end, None
