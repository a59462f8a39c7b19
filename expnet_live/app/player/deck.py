"""The player's clock and its controls: play, steps, markers, a range. No Qt here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from expnet_live.core.types import Array
from expnet_live.sessions.reading.playback import Playback

_NEAR = 0.05  # s within which a marker counts as the one at the cursor


class Deck:
    """Without a session, nothing happens. `ranged` is called after each change of the range, with whether it is new."""

    def __init__(self, ranged: Callable[[bool], None]) -> None:
        self.playback: Playback | None = None
        self._ranged = ranged
        self._markers: tuple[float, ...] = ()
        self._loop, self._speed = False, 1.0

    def load(self, times: Array, markers: Sequence[float]) -> Playback:
        """A session's times (T,) and those of its markers, in s."""
        self._markers = tuple(markers)
        self.playback = Playback(times)
        self.playback.loop = self._loop
        self.playback.set_speed(self._speed, time.monotonic())
        return self.playback

    def set_markers(self, markers: Sequence[float]) -> None:
        self._markers = tuple(markers)

    def unload(self) -> None:
        self.playback, self._markers = None, ()

    @property
    def range(self) -> tuple[float, float] | None:
        """The range to loop and to export, in s of the session."""
        return None if self.playback is None else self.playback.range

    def play_or_pause(self) -> None:
        if self.playback is not None:
            now = time.monotonic()
            self.playback.pause(now) if self.playback.playing else self.playback.play(now)

    def set_speed(self, speed: float) -> None:
        self._speed = speed
        if self.playback is not None:
            self.playback.set_speed(speed, time.monotonic())

    def set_loop(self, on: bool) -> None:
        self._loop = on
        if self.playback is not None:
            self.playback.loop = on

    def seek(self, seconds: float) -> None:
        if self.playback is not None:
            self.playback.seek(seconds, time.monotonic())

    def step(self, rows: int) -> None:
        if self.playback is not None:
            self.playback.step(rows, time.monotonic())

    def to_marker(self, way: int) -> None:
        """Go to the next marker for 1, to the previous one for -1."""
        if self.playback is not None:
            position = self.playback.position
            beyond = [t for t in self._markers if (t - position) * way > _NEAR]
            if beyond:
                self.seek(min(beyond) if way > 0 else max(beyond))

    def begin_range(self) -> None:
        """Start the range at the cursor; an end before it moves to the session's end."""
        if (playback := self.playback) is not None:
            at, end = playback.position, (playback.range or (playback.start, playback.end))[1]
            self.set_range((at, end if at < end else playback.end))

    def end_range(self) -> None:
        """End the range at the cursor; a start after it moves to the session's start."""
        if (playback := self.playback) is not None:
            at, start = playback.position, (playback.range or (playback.start, playback.end))[0]
            self.set_range((start if start < at else playback.start, at))

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        if self.playback is not None:
            had = self.playback.range is not None
            self.playback.set_range(wanted)
            self._ranged(self.playback.range is not None and not had)
