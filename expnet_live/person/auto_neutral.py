"""The automatic neutral: learns what an uncalibrated face looks like at rest while it is visible.

A single picture cannot distinguish low brows from lowered ones, but a sequence can. In the first seconds, the resting
value of an action is a low percentile of its values; later the estimate follows slowly. Blinks, speech and turned
heads are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array, FaceState

_FIRST = 3.0  # s of observation until the estimate has full weight
_PERCENTILE = 25
_MOST = 0.3  # of an action: the most that a face at rest shows
_RISE, _FALL = 0.1 / 60, 0.03  # largest change of the estimate per second, of an action
_STEP = 0.2  # s between samples, which is dense enough
_TURNED = 0.35  # rad of yaw or pitch
_SPEAKS, _BLINKS = 0.25, 0.5
# Closed means closed for everyone, and gaze is not an expression.
_LEFT_OUT = np.array([n.startswith(("eyeBlink", "eyeLook", "eyeWide")) for n in ARKIT])
_LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_FORGET = 10.0  # s after which a face that has gone is forgotten


@dataclass
class _Rest:
    """The state of one face: samples of the first seconds, and the estimate (52,) since then."""

    looks: list[Array] = field(default_factory=list)
    last: float = -1.0
    seen: float = 0.0
    rest: Array = field(default_factory=lambda: np.zeros(N_BLENDSHAPES, np.float32))


class AutoNeutral:
    """Keeps the rest of each face in view.

    >>> import numpy as np
    >>> AutoNeutral().corrected(np.full(52, 0.5, np.float32), face=1)[0]
    np.float32(0.5)
    """

    def __init__(self) -> None:
        self._faces: dict[int, _Rest] = {}

    def reset(self) -> None:
        """Forget all faces, because another source opens."""
        self._faces.clear()

    def share(self, face: int) -> float:
        """How well the rest of a face is known, 0..1."""
        known = self._faces.get(face)
        return 0.0 if known is None else min(known.seen / _FIRST, 1.0)

    def add(self, state: FaceState, now: float) -> None:
        """Observe a face at `now` (s)."""
        if state.blendshapes is None:
            return
        self._faces = {n: rest for n, rest in self._faces.items() if n == state.face or now - rest.last < _FORGET}
        known = self._faces.setdefault(state.face, _Rest(last=now))
        spent = now - known.last
        if spent < _STEP:
            return
        known.last = now
        if not at_ease(state):
            return
        spent = min(spent, 2 * _STEP)
        known.seen += spent
        if known.seen < _FIRST or not known.looks:
            known.looks.append(state.blendshapes)
            known.rest = np.percentile(known.looks, _PERCENTILE, axis=0).astype(np.float32)
        else:
            known.rest += np.clip(state.blendshapes - known.rest, -_FALL * spent, _RISE * spent).astype(np.float32)
        known.rest[_LEFT_OUT] = 0
        np.clip(known.rest, 0, _MOST, out=known.rest)

    def corrected(self, weights: Array, face: int) -> Array:
        """Weights (52,) of a face with its rest removed: rest is 0, and the full action is still 1."""
        known = self._faces.get(face)
        if known is None:
            return weights
        rest = self.share(face) * known.rest
        return np.clip((weights - rest) / (1 - rest), 0, 1).astype(np.float32)


def at_ease(state: FaceState) -> bool:
    """Whether a face may be at rest: it faces the camera, and neither speaks nor blinks."""
    weights = state.blendshapes
    if weights is None or state.confidence < 0.5 or np.abs(state.pose.rotation[:2]).max() > _TURNED:
        return False
    return bool(weights[INDEX["jawOpen"]] < _SPEAKS and weights[_LIDS].max() < _BLINKS)
