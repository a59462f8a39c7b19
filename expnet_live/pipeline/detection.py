"""The answer of a face detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array, Box


@dataclass(frozen=True, eq=False)
class Detection:
    """One face: its box in pixels, score 0..1, and keypoints (3, 2) in pixels: right eye, left eye, mouth.

    `roll`: the clockwise rotation of the face in the picture, radians, if the detector measures it; the box is then
    a square of BOX_MM around the origin of the face model. None: the keypoints tell it.
    """

    box: Box
    score: float
    keypoints: Array
    roll: float | None = None

    def shifted(self, x: float, y: float) -> Detection:
        b = self.box
        moved = self.keypoints + np.array([x, y], np.float32)
        return Detection(Box(b.x + x, b.y + y, b.w, b.h), self.score, moved, self.roll)
