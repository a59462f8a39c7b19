"""The playback clock of a session, which says which moment is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.moments import usual_step
from expnet_live.core.types import Array

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
_SAME = 1e-6  # s: the table's own rounding


@dataclass(frozen=True)
class Played:
    """What was played in one go: from `start` up to before `end`, in s of the session, at `speed`; `began` on the
    clock."""

    start: float
    end: float
    began: float
    speed: float

    def __contains__(self, time: float) -> bool:
        return self.start <= time < self.end

    def when(self, time: float) -> float:
        """When that time of the session was played, on the clock."""
        return self.began + (time - self.start) / self.speed


class Playback:
    """Plays `times` (T,), the session's increasing moments in s. `now` is any clock that never jumps, in s.

    `range` (from, to), in s of the session, limits playback once the position is inside it; without one, the
    whole session plays. At the end, it starts again if `loop` is on, and stops otherwise.
    """

    def __init__(self, times: Array) -> None:
        if not len(times):
            raise ValueError("there is nothing to play")
        self._times = np.asarray(times, float)
        self._usual = usual_step(self._times) if len(times) > 1 else 0.0
        self._position = self.start
        self._over = 0.0  # s for which the last moment is held before it starts again
        self._now: float | None = None  # time of the position; None while paused
        self._speed = 1.0
        self._range: tuple[float, float] | None = None
        self.loop = False
        self._played: list[Played] = []

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
        """The position in s of the session, as of the last call."""
        return self._position

    @property
    def row(self) -> int:
        """The last row that is due."""
        return self.row_at(self._position)

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def range(self) -> tuple[float, float] | None:
        return self._range

    def row_at(self, time: float) -> int:
        """The row shown at `time`."""
        return max(0, int(np.searchsorted(self._times, time + _SAME, side="right")) - 1)

    def time_of(self, row: int) -> float:
        return float(self._times[row])

    def play(self, now: float) -> None:
        """Play from the position, or from the beginning if it is at the end."""
        start, end = self._bounds()
        if self._position >= end - _SAME:
            self._position, self._over = start, 0.0
        self._now = now

    def pause(self, now: float) -> None:
        self.advance(now)
        self._now = None

    def set_speed(self, speed: float, now: float) -> None:
        """Set `speed`, in seconds of the session per second."""
        if speed <= 0:
            raise ValueError(f"the speed must be above 0, not {speed}")
        self.advance(now)
        self._speed = speed

    def seek(self, time: float, now: float) -> None:
        """Move to a position, and keep playing or pausing."""
        self._position, self._over = float(np.clip(time, self.start, self.end)), 0.0
        if self.playing:
            self._now = now

    def step(self, rows: int, now: float) -> None:
        """Pause, and move on by that many recorded moments."""
        self.pause(now)
        row = int(np.clip(self.row + rows, 0, len(self._times) - 1))
        self.seek(self.time_of(row), now)

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        """Set the range, clipped to the session; an empty one counts as none."""
        if wanted is not None:
            low, high = np.clip(wanted, self.start, self.end)
            wanted = (float(low), float(high)) if high > low else None
        self._range, self._over = wanted, 0.0

    def advance(self, now: float) -> int:
        """The row that is due."""
        if self._now is not None:
            before, self._now = self._now, now
            self._move(max(0.0, now - before) * self._speed, min(before, now), now)
        return self.row

    def take_played(self) -> list[Played]:
        """What was played since the last call."""
        played, self._played = self._played, []
        return played

    def _bounds(self) -> tuple[float, float]:
        """The bounds of playback from here: after the range, the rest of the session."""
        if self._range is not None and self._position <= self._range[1]:
            return self._range
        return self.start, self.end

    def _move(self, seconds: float, before: float, now: float) -> None:
        """Move on by these seconds of the session, from one time of the clock to another."""
        start, end = self._bounds()
        beyond = self._position + self._over + seconds - end
        position = self._position
        if beyond < 0:
            self._position += seconds
            self._play(position, self._position, before)
        elif not self.loop or end <= start:
            self._position, self._over, self._now = end, 0.0, None
            self._play(position, end + _SAME, before)
        else:
            # The last moment is shown as long as any other.
            beyond %= end - start + self._usual
            held = beyond < self._usual
            self._position = end if held else start + beyond - self._usual
            self._over = beyond if held else 0.0
            if position < end:  # else the last moment is held already
                self._play(position, end + _SAME, before)
            if not held:
                self._play(start, self._position, now - (self._position - start) / self._speed)

    def _play(self, start: float, end: float, began: float) -> None:
        self._played.append(Played(start, end, began, self._speed))
