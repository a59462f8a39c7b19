"""The resolution of the head where the CPU draws it: as fine as the frame rate allows."""

from __future__ import annotations

_STEPS = (1.0, 1.25, 1.5)  # of the screen's resolution; multisampling would cost three times as much as the last
_BUDGET = 0.012  # s per drawing, so that thirty pictures per second leave time for everything else
_WINDOW = 12  # drawings between changes, because a single slow one is no evidence
_ROOM = 0.75  # share of the budget that a finer drawing may take by estimate


class Fineness:
    """`value` is a multiple of the screen's resolution; `add` takes the time (s) of each drawing."""

    def __init__(self) -> None:
        self._step = len(_STEPS) - 1
        self._times: list[float] = []

    @property
    def value(self) -> float:
        return _STEPS[self._step]

    def add(self, seconds: float) -> None:
        self._times.append(seconds)
        if len(self._times) < _WINDOW:
            return
        typical = sorted(self._times)[_WINDOW // 2]
        self._times.clear()
        if typical > _BUDGET and self._step > 0:
            self._step -= 1
        elif self._step + 1 < len(_STEPS):
            # The number of pixels determines most of a drawing's time.
            finer = typical * (_STEPS[self._step + 1] / self.value) ** 2
            if finer < _ROOM * _BUDGET:
                self._step += 1
