"""The lesson in which a person shows a gesture of their own: rest, then the gesture, three times."""

from __future__ import annotations

from enum import Enum, auto

import numpy as np

from expnet_live.core.types import Array
from expnet_live.gestures.own import EXAMPLES

READY, HELD = 1.5, 1.5  # s at rest, and of the gesture
_SETTLED = 0.5  # s of the gesture, or of the rest, that are left out: it takes a moment to get there
_LEAST = 5  # looks
_GAP = 0.5  # s: the longest step of its clock, when the source stalls


class Step(Enum):
    REST = auto()
    SHOW = auto()
    DONE = auto()


class Lesson:
    """Takes the values (55,) of each moment. Its clock stands still while no face is seen."""

    def __init__(self, examples: int = EXAMPLES) -> None:
        self.wanted = examples
        self.examples: list[list[float]] = []
        self.step = Step.REST
        self._clock, self._last = 0.0, -1.0
        self._looks: list[Array] = []
        self._rest: Array | None = None

    @property
    def left(self) -> float:
        """Seconds to the end of this step."""
        return max((READY if self.step is Step.REST else HELD) - self._clock, 0.0)

    def add(self, values: Array | None, time: float) -> None:
        """Take what the face does at `time` (s), None where it is not seen."""
        if self.step is Step.DONE or values is None:
            self._last = time
            return
        self._clock += min(time - self._last, _GAP) if self._last >= 0 else 0.0
        self._last = time
        if self._clock >= _SETTLED:
            self._looks.append(values)
        if self.left > 0 or len(self._looks) < _LEAST:
            return
        seen = np.median(self._looks, axis=0)
        self._clock, self._looks = 0.0, []
        if self.step is Step.REST:
            self._rest, self.step = seen, Step.SHOW
            return
        assert self._rest is not None
        self.examples.append([round(float(v), 4) for v in seen - self._rest])
        self.step = Step.DONE if len(self.examples) == self.wanted else Step.REST
