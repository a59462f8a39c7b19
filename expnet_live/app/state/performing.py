"""Calibration by performing: measures how far a person's actions go, one after the other, on request. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array
from expnet_live.person.person import LEAST_FULL


@dataclass(frozen=True)
class Request:
    """What is performed, by a name for its texts, and the actions that it measures."""

    name: str
    actions: tuple[str, ...]


REQUESTS = (
    Request("smile", ("mouthSmileLeft", "mouthSmileRight")),
    Request("open", ("jawOpen",)),
    Request("brows", ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")),
    Request("frown", ("browDownLeft", "browDownRight", "mouthFrownLeft", "mouthFrownRight")),
    Request("pucker", ("mouthPucker",)),
    Request("wink left", ("eyeBlinkLeft",)),
    Request("wink right", ("eyeBlinkRight",)),
)

READY, HELD = 1.5, 3.0  # s to get ready, and to perform
_PERCENTILE = 85  # of the values of those 3 s: it takes a moment to get there, and single frames may be wrong
_LEAST = 8  # samples
_GAP = 0.5  # s: the longest step of its clock, when the source stalls


class Phase(Enum):
    READY = auto()
    HOLD = auto()
    MISSED = auto()  # the request was not performed: `again` or `skip`
    DONE = auto()


class Performance:
    """Takes the weights of a face until all requests are done. Its clock stands still while no face is seen."""

    def __init__(self, requests: Sequence[Request] = REQUESTS) -> None:
        self._requests = tuple(requests)
        self._looks: list[Array] = []
        self._clock, self._last = 0.0, -1.0
        self.step = 0
        self.phase = Phase.READY
        self.level = 0.0  # of the strongest action of the request now, 0..1
        self.full: dict[str, float] = {}

    @property
    def requests(self) -> tuple[Request, ...]:
        return self._requests

    @property
    def request(self) -> Request:
        return self._requests[min(self.step, len(self._requests) - 1)]

    @property
    def left(self) -> float:
        """Seconds left of this phase."""
        return max((READY if self.phase is Phase.READY else HELD) - self._clock, 0.0)

    def add(self, weights: Array | None, time: float) -> None:
        """Take the weights (52,), with the person's rest at 0, of a frame of that time (s); None without a face."""
        spent, self._last = min(max(time - self._last, 0.0), _GAP) if self._last >= 0 else 0.0, time
        if weights is None:
            self.level = 0.0
            return
        values = self._values(weights)
        self.level = float(values.max())
        if self.phase in (Phase.MISSED, Phase.DONE):
            return
        self._clock += spent
        if self.phase is Phase.READY and self._clock >= READY:
            self.phase, self._clock = Phase.HOLD, 0.0
        elif self.phase is Phase.HOLD:
            self._looks.append(values)
            # A slow machine sees few frames in that time, so it gets more of it.
            if self._clock >= HELD and len(self._looks) >= _LEAST:
                self._measure()

    def again(self) -> None:
        """Repeat this request."""
        self._looks.clear()
        self.phase, self._clock = Phase.READY, 0.0

    def skip(self) -> None:
        """Leave this request out, and go on."""
        self.step += 1
        self.again()
        if self.step >= len(self._requests):
            self.phase = Phase.DONE

    def _measure(self) -> None:
        peaks = np.percentile(self._looks, _PERCENTILE, axis=0)
        seen = {n: round(float(p), 4) for n, p in zip(self.request.actions, peaks, strict=True) if p >= LEAST_FULL}
        if not seen:
            self.phase = Phase.MISSED
            return
        self.full.update(seen)
        self.skip()

    def _values(self, weights: Array) -> Array:
        values: Array = np.asarray(weights)[[INDEX[n] for n in self.request.actions]]
        return values
