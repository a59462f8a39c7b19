"""Rates per second of things that happen."""

from __future__ import annotations

from collections import deque


class RateMeter:
    """How often `tick` was called per second over the last `window` seconds."""

    def __init__(self, window: float = 2.0) -> None:
        self._window = window
        self._times: deque[float] = deque()

    def tick(self, now: float) -> None:
        self._times.append(now)
        self._forget(now)

    def rate(self, now: float) -> float:
        """Hz; 0 after a silence as long as the window."""
        self._forget(now)
        if len(self._times) < 2:
            return 0.0
        # To now, when that is longer than usual: a stream that stops must fade, not stay.
        mean = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        late = max(0.0, now - self._times[-1] - 2 * mean)
        span = self._times[-1] - self._times[0] + late
        return (len(self._times) - 1) / span if span > 0 else 0.0

    def _forget(self, now: float) -> None:
        while self._times and now - self._times[0] > self._window:
            self._times.popleft()
