"""Latencies and stage times of the last seconds, and the longest stall of the GUI thread."""

from __future__ import annotations

from collections import deque

import numpy as np

from expnet_live.threads.rate import RateMeter


class Statistics:
    """Statistics over the frames shown; `add` takes one after another."""

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
        """A percentile of the latency in seconds; 0 before the first frame."""
        return float(np.percentile(self._latencies, percentile)) if self._latencies else 0.0

    def stages(self) -> dict[str, float]:
        """Running means of the stages in seconds."""
        return dict(self._stages)

    def screen_rate(self, now: float) -> float:
        return self._screen.rate(now)


class Heartbeat:
    """Gets a beat from a fast timer on the GUI thread, and measures the longest gap.

    `longest` is in seconds; `longest_cpu` is the most CPU time between two beats, the thread's own share of a gap.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._last: tuple[float, float] | None = None
        self.longest = self.longest_cpu = 0.0

    def beat(self, now: float, cpu: float = 0.0) -> None:
        """`cpu`: CPU time of the thread so far, in seconds."""
        if self._last is not None:
            self.longest = max(self.longest, now - self._last[0] - self._interval)
            self.longest_cpu = max(self.longest_cpu, cpu - self._last[1])
        self._last = now, cpu

    def reset(self) -> None:
        self._last = None
        self.longest = self.longest_cpu = 0.0
