"""Lids of the ICT head that shut, and lie on the eye, whatever the head's shape.

The model's blink is one shift for all heads. On many it leaves a gap, or the eye comes through the lid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array

_NEAR = 24.0  # mm from the middle of the eye
_UPPER, _LOWER = (
    -5.0,
    1.0,
)  # mm by which a blink lowers the upper lid at least, and lifts or lowers the lower one at most
_STEP = 2.0  # mm between places along the lids
_OVERLAP = 0.7  # mm by which the shut upper lid covers the edge of the lower one
_LEAST, _MOST = 0.7, 1.7  # of the model's blink
_CORNEA, _WHITE = 17.0, 15.6  # mm from the eye's middle to the lid, before the cornea at most and beside it
_COS_CORNEA, _COS_WHITE = 0.85, 0.5  # of the angle from ahead


@dataclass(frozen=True, eq=False)
class Lids:
    """Of one eye: the vertices `moved` by a blink and their `way` (N, 3) mm, those of them along the edges of the
    `upper` and `lower` lid, and the vertices of the lids' `skin`.
    """

    moved: Array
    way: Array
    upper: Array
    lower: Array
    skin: Array

    @classmethod
    def of(cls, neutral: Array, moved: Array, way: Array, eye: slice, face: slice) -> Lids:
        """Those of the `eye` of a neutral head (V, 3), looking ahead."""
        at, shut = neutral[moved], neutral[moved] + way
        middle = _middle(neutral[eye])
        skin = (moved >= face.start) & (moved < face.stop)
        near = skin & (np.linalg.norm(at - middle, axis=1) < _NEAR)
        up = np.flatnonzero(near & (way[:, 1] < _UPPER))
        low = np.flatnonzero(near & (np.abs(way[:, 1]) < _LOWER) & (at[:, 1] < middle[1]))
        upper, lower = [], []
        for place in np.arange(shut[up, 0].min(), shut[up, 0].max(), _STEP):
            above, below = (k[np.abs(shut[k, 0] - place - _STEP / 2) < _STEP / 2] for k in (up, low))
            if len(above) and len(below):
                upper.append(above[np.argmin(shut[above, 1])])
                lower.append(below[np.argmax(shut[below, 1])])
        return cls(moved, way, np.array(upper), np.array(lower), moved[near])

    def blink(self, shape: Array) -> Array:
        """The way (N, 3) to shut eyes of a head of that shape (V, 3)."""
        shut = shape[self.moved] + self.way
        up, low = shut[self.upper], shut[self.lower]
        edge = np.interp(up[:, 0], low[:, 0], low[:, 1])  # of the lower lid
        reach = -self.way[self.upper, 1]
        more = np.clip((reach + up[:, 1] - edge + _OVERLAP) / reach, _LEAST, _MOST)
        more = np.convolve(np.pad(more, 1, "edge"), (0.25, 0.5, 0.25), "valid")
        return np.asarray(self.way * np.interp(shut[:, 0], up[:, 0], more)[:, None], np.float32)

    def lay(self, vertices: Array, middle: Array) -> None:
        """Move the lids' `vertices` (V, 3) out of the eye around `middle`."""
        away = vertices[self.skin] - middle
        far = np.linalg.norm(away, axis=1)
        front = np.clip((away[:, 2] / far - _COS_WHITE) / (_COS_CORNEA - _COS_WHITE), 0, 1)
        least = _WHITE + (_CORNEA - _WHITE) * front
        inside = (far < least) & (away[:, 2] > 0)
        vertices[self.skin[inside]] = middle + away[inside] * (least / far)[inside, None]


def _middle(eye: Array) -> Array:
    return np.asarray((eye.min(0) + eye.max(0)) / 2)
