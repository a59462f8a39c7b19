"""Controls a clip: play, pause, loop and seek, and when its next picture is due."""

from __future__ import annotations

import threading
import time

_LATE = 0.25  # s of delay beyond which a clip no longer tries to catch up


class Transport:
    """Shared by the controls and the thread that reads the clip."""

    def __init__(self, loop: bool = True) -> None:
        self._condition = threading.Condition()
        self._playing, self._loop = True, loop
        self._target: float | None = None
        self._anchor: tuple[float, float] | None = None  # clip time, wall time
        self._closed = False
        self.position = 0.0
        self.at_end = False
        self.duration: float | None = None

    @property
    def playing(self) -> bool:
        return self._playing

    @playing.setter
    def playing(self, value: bool) -> None:
        with self._condition:
            self._playing, self._anchor = value, None
            self._condition.notify_all()

    @property
    def loop(self) -> bool:
        return self._loop

    @loop.setter
    def loop(self, value: bool) -> None:
        with self._condition:
            self._loop = value
            self._condition.notify_all()

    def seek(self, seconds: float) -> None:
        with self._condition:
            self._target = max(0.0, seconds)
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    @property
    def interrupted(self) -> bool:
        """Whether the reader must leave its position, to seek or to stop."""
        return self._closed or self._target is not None

    def take_target(self) -> float:
        """The position to read from: the requested one, or the beginning."""
        with self._condition:
            target, self._target, self._anchor = self._target, None, None
            self.position = target or 0.0
            return self.position

    def wait_until_due(self, clip_time: float, first: bool) -> bool:
        """Wait until a picture is due; return False if the reader is interrupted meanwhile.

        The `first` picture after a seek is due at once, even while paused.
        """
        with self._condition:
            while not self.interrupted:
                if first:
                    # While paused, the clock starts when playing resumes.
                    self._anchor = (clip_time, time.monotonic()) if self._playing else None
                    return True
                if not self._playing:
                    self._condition.wait()
                    continue
                now = time.monotonic()
                if self._anchor is None:
                    self._anchor = (clip_time, now)
                wait = clip_time - self._anchor[0] - (now - self._anchor[1])
                if wait < -_LATE:
                    self._anchor = (clip_time, now)
                if wait <= 0:
                    return True
                self._condition.wait(wait)
            return False

    def wait_at_end(self) -> bool:
        """Called at the clip's end: True to read again, from the beginning or from a requested position."""
        with self._condition:
            while not (self.interrupted or (self._loop and self._playing)):
                self.at_end = True
                self._condition.wait()
            self.at_end = False
            return not self._closed
