"""How finely the head is drawn where the CPU draws it: as finely as the pace allows."""

from __future__ import annotations

_STEPS = (1.0, 1.25, 1.5)  # times finer than the screen; multisampling would cost three times as much as the last
_BUDGET = 0.012  # s for a drawing, so that a picture thirty times a second leaves time for the rest
_WINDOW = 12  # drawings between changes: a single slow one says little
_ROOM = 0.75  # of the budget that a finer drawing may be expected to take


class Fineness:
    """`value` times finer than the screen; `add` tells how long each drawing took (s)."""

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
            # Most of a drawing's time goes with its pixels.
            finer = typical * (_STEPS[self._step + 1] / self.value) ** 2
            if finer < _ROOM * _BUDGET:
                self._step += 1
