"""Latencies and stage times of the last seconds, and how long the GUI thread was ever held up."""

from __future__ import annotations

from collections import deque

import numpy as np

from expnet_live.threads.rate import RateMeter


class Statistics:
    """Fed with one shown frame after the other."""

    def __init__(self, n: int = 150) -> None:
        self._latencies: deque[float] = deque(maxlen=n)
        self._stages: dict[str, float] = {}
        self._screen = RateMeter()
        self.shown = 0

    def add(self, latency: float, stages: dict[str, float], now: float) -> None:
        """`latency` in seconds from capture to screen; `stages` in seconds."""
        self._latencies.append(latency)
        self._screen.tick(now)
        self.shown += 1
        for name, seconds in stages.items():
            old = self._stages.get(name, seconds)
            self._stages[name] = old + 0.1 * (seconds - old)

    def latency(self, percentile: float = 50.0) -> float:
        """Seconds; 0 before the first frame."""
        return float(np.percentile(self._latencies, percentile)) if self._latencies else 0.0

    def stages(self) -> dict[str, float]:
        """Running means in seconds."""
        return dict(self._stages)

    def screen_rate(self, now: float) -> float:
        return self._screen.rate(now)


class Heartbeat:
    """Told by a fast timer that the GUI thread lives; remembers its longest silence.

    `longest` in seconds, and `longest_cpu`, the most CPU time between two beats: what it was itself to blame for.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._last: tuple[float, float] | None = None
        self.longest = self.longest_cpu = 0.0

    def beat(self, now: float, cpu: float = 0.0) -> None:
        """`cpu`: seconds that the thread has computed so far."""
        if self._last is not None:
            self.longest = max(self.longest, now - self._last[0] - self._interval)
            self.longest_cpu = max(self.longest_cpu, cpu - self._last[1])
        self._last = now, cpu

    def reset(self) -> None:
        self._last = None
        self.longest = self.longest_cpu = 0.0
