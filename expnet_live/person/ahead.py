"""How a person's head and eyes are measured while they look straight ahead, wherever their camera stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import INDEX, LOOKS
from expnet_live.core.types import Array, FaceState, alike
from expnet_live.geometry.rotation import matrix_from_vector, vector_from_matrix

_OPPOSITES = [
    (INDEX[f"eyeLook{one}{side}"], INDEX[f"eyeLook{other}{side}"])
    for one, other in (("Up", "Down"), ("Out", "In"))
    for side in ("Left", "Right")
]


@dataclass(frozen=True, eq=False)
class Ahead:
    """`rotation` (3,) rad of the head and `gaze` (2, 2) rad, as in FaceState, and `looks` (0..1), ARKit's eyeLook
    actions by name: all as measured while the person looks ahead. `gaze` is None if it is unknown.

    >>> half = np.array([0.0, 0.25, 0.0])
    >>> Ahead(half).turned(2 * half).round(4).tolist()
    [0.0, 0.25, 0.0]
    """

    rotation: Array
    gaze: Array | None = None
    looks: tuple[float, ...] = (0.0,) * len(LOOKS)

    def __eq__(self, other: object) -> bool:
        return alike(self, other)

    @classmethod
    def of(cls, states: Sequence[FaceState]) -> Ahead:
        """Of looks (at least one) straight ahead."""
        rotation = np.median([s.pose.rotation for s in states], 0).astype(np.float32)
        gazes = [s.gaze for s in states if s.gaze is not None]
        gaze = np.median(gazes, 0).astype(np.float32) if gazes else None
        told = [s.blendshapes for s in states if s.blendshapes is not None]
        if not told:
            return cls(rotation, gaze)
        looks = np.median(told, 0)[[INDEX[n] for n in LOOKS]]
        return cls(rotation, gaze, tuple(round(float(w), 4) for w in looks))

    def turned(self, rotation: Array) -> Array:
        """Rotations (..., 3) of the head about the axes that it has while the person looks ahead; NaN stays NaN."""
        seen = np.asarray(rotation)
        known = np.isfinite(seen).all(-1)
        turns = matrix_from_vector(self.rotation).T @ matrix_from_vector(np.where(known[..., None], seen, 0))
        return np.where(known[..., None], vector_from_matrix(turns), np.nan).astype(np.float32)

    def aimed(self, gaze: Array) -> Array:
        """Gazes (..., 2, 2) beside the one ahead."""
        return gaze if self.gaze is None else (gaze - self.gaze).astype(np.float32)

    def looked(self, weights: Array) -> Array:
        """Weights (..., 52) whose eyeLook actions are 0 while the person looks ahead."""
        rest = dict(zip((INDEX[n] for n in LOOKS), self.looks, strict=True))
        out = np.array(weights, np.float32)
        for one, other in _OPPOSITES:
            way = out[..., one] - out[..., other] - (rest[one] - rest[other])
            out[..., one], out[..., other] = np.clip(way, 0, 1), np.clip(-way, 0, 1)
        return out
