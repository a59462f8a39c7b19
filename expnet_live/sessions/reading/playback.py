"""The clock of a session that is played back: which of its moments is due."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array

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
        self._over = 0.0  # s for which the last moment has been held before it begins again
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
            self._position, self._over = start, 0.0
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
        self._position, self._over = float(np.clip(time, self.start, self.end)), 0.0
        if self.playing:
            self._now = now

    def step(self, rows: int, now: float) -> None:
        """Stands still, so many recorded moments on."""
        self.pause(now)
        row = int(np.clip(self.row + rows, 0, len(self._times) - 1))
        self.seek(self.time_of(row), now)

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        """Cut to the session; one without a length is none."""
        if wanted is not None:
            low, high = np.clip(wanted, self.start, self.end)
            wanted = (float(low), float(high)) if high > low else None
        self._range, self._over = wanted, 0.0

    def advance(self, now: float) -> int:
        """The row that is due."""
        if self._now is not None:
            moved, self._now = max(0.0, now - self._now) * self._speed, now
            self._move(moved)
        return self.row

    def _bounds(self) -> tuple[float, float]:
        """Of what is played from here: beyond the range, the rest of the session."""
        if self._range is not None and self._position <= self._range[1]:
            return self._range
        return self.start, self.end

    def _move(self, seconds: float) -> None:
        start, end = self._bounds()
        beyond = self._position + self._over + seconds - end
        if beyond < 0:
            self._position += seconds
        elif not self.loop or end <= start:
            self._position, self._over, self._now = end, 0.0, None
        else:
            # The last moment is seen as long as any other.
            beyond %= end - start + self._usual
            held = beyond < self._usual
            self._position = end if held else start + beyond - self._usual
            self._over = beyond if held else 0.0
