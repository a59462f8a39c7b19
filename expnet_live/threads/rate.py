"""Rates of events per second."""

from __future__ import annotations

from collections import deque


class RateMeter:
    """The rate of calls of `tick` over the last `window` seconds."""

    def __init__(self, window: float = 2.0) -> None:
        self._window = window
        self._times: deque[float] = deque()

    def tick(self, now: float) -> None:
        self._times.append(now)
        self._forget(now)

    def rate(self, now: float) -> float:
        """The rate in Hz; 0 after a pause as long as the window."""
        self._forget(now)
        if len(self._times) < 2:
            return 0.0
        # Up to now, if that is longer than usual, so that the rate of a stopped stream falls.
        mean = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        late = max(0.0, now - self._times[-1] - 2 * mean)
        span = self._times[-1] - self._times[0] + late
        return (len(self._times) - 1) / span if span > 0 else 0.0

    def _forget(self, now: float) -> None:
        while self._times and now - self._times[0] > self._window:
            self._times.popleft()
