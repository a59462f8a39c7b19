"""Rates of events per second."""

from __future__ import annotations

import threading
from collections import deque


class RateMeter:
    """The rate of calls of `tick` over the last `window` seconds. All methods are for any thread."""

    def __init__(self, window: float = 2.0) -> None:
        self._window = window
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def tick(self, now: float) -> None:
        with self._lock:
            self._times.append(now)
            self._forget(now)

    def rate(self, now: float) -> float:
        """The rate in Hz; 0 after a pause as long as the window."""
        with self._lock:
            self._forget(now)
            if len(self._times) < 2:
                return 0.0
            steps, first, last = len(self._times) - 1, self._times[0], self._times[-1]
        # Up to now, if that is longer than usual, so that the rate of a stopped stream falls.
        late = max(0.0, now - last - 2 * (last - first) / steps)
        span = last - first + late
        return steps / span if span > 0 else 0.0

    def _forget(self, now: float) -> None:
        while self._times and now - self._times[0] > self._window:
            self._times.popleft()
