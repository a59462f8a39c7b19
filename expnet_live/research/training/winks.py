"""Winks, which are rare in photographs: one open eye of a photo is drawn closed, and its labels follow.

The triangles around the eye move as in the face model; the lid is stretched over the eyeball, which stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import LEFT_LID_LOWER, LEFT_LID_UPPER, RIGHT_LID_LOWER, RIGHT_LID_UPPER

_OPEN, _WIDEST = 2.0, 11.0  # largest sd of blink of an open eye
# The ratio of a fitted blink to the motion of the lids: on photos of closed eyes, Face Mesh's lids are 6.3 sd nearer
# than on others, while blink, limited by its prior, is only 3.3 higher.
_TOLD = 0.53
_STILL = 0.05  # px
_NEAR, _FAR = 30.0, 45.0  # mm from the middle of the lids: skin that moves with the eye, and skin that does not
_SHIFT = 4  # fractional bits of a pixel, for drawing


@dataclass(frozen=True, eq=False)
class Winks:
    """For the person's right and left side: the indices of blink, squint and brow down, and points of both lids."""

    coefficients: tuple[tuple[int, int, int], tuple[int, int, int]]
    lids: tuple[tuple[int, int], tuple[int, int]]
    basis: Array  # (29, 468, 3) mm
    around: Array  # (2, 468): 1 around that eye, 0 far from it
    triangles: Array  # (F, 3)

    @classmethod
    def of(cls, model: FaceModel) -> Winks:
        right, left = (
            (model.index(f"eyeBlink{side}"), model.index(f"eyeSquint{side}"), model.index(f"browDown{side}"))
            for side in ("Right", "Left")
        )
        lids = (RIGHT_LID_UPPER, RIGHT_LID_LOWER), (LEFT_LID_UPPER, LEFT_LID_LOWER)
        middle = np.array([model.mean[list(pair)].mean(0) for pair in lids])
        away = np.linalg.norm(model.mean - middle[:, None], axis=2)
        around = np.clip((_FAR - away) / (_FAR - _NEAR), 0, 1)
        return cls((right, left), lids, model.expression, around, model.base_triangles)

    def wink(
        self, image: Image, points: Array, expression: Array, view: WeakPerspective, rng: np.random.Generator
    ) -> tuple[Image, Array, Array]:
        """Picture, points (468, 2) px and expression (29,) with one eye closed or nearly closed; unchanged if it was
        closed.

        `view` is that of the face in the picture.
        """
        side = int(rng.integers(2))
        blink, squint, frown = self.coefficients[side]
        upper, lower = self.lids[side]
        still = WeakPerspective(view.rotation, view.scale, 0.0, 0.0)  # displacements have no origin

        def moved(coefficient: int) -> Array:
            return np.asarray(still.project(self.basis[coefficient])[:, :2] * self.around[side, :, None])

        # A wink also tightens the skin around the eye, more or less.
        strength = rng.random()
        change = np.zeros(len(expression), np.float32)
        change[squint], change[frown] = strength * rng.uniform(0, 2), strength * rng.uniform(0, 1.5)
        shift = change[squint] * moved(squint) + change[frown] * moved(frown)
        shut = moved(blink)
        gap, step = (points + shift)[lower] - (points + shift)[upper], shut[upper] - shut[lower]
        wanted = float(gap @ step / (step @ step))
        if not _OPEN < wanted < _WIDEST:
            return image, points, expression
        change[blink] = wanted * rng.uniform(0.6, 1.0) ** 0.5
        shift += change[blink] * shut
        return _warped(image, points, points + shift, self.triangles), points + shift, expression + _TOLD * change


def _warped(image: Image, old: Array, new: Array, triangles: Array) -> Image:
    """Draw the moving triangles at their new positions."""
    moves = np.linalg.norm(new - old, axis=1) > _STILL
    triangles = triangles[moves[triangles].any(1)]
    height, width = image.shape[:2]
    owner = np.full((height, width), -1, np.int32)
    corners = np.round(new[triangles] * (1 << _SHIFT)).astype(np.int32)
    for i, triangle in enumerate(corners):
        cv2.fillConvexPoly(owner, triangle, i, shift=_SHIFT)
    y, x = np.nonzero(owner >= 0)
    if not len(x):
        return image
    # The source of each pixel, affine in its triangle.
    ones = np.ones((*triangles.shape, 1))
    affine = np.linalg.pinv(np.concatenate([new[triangles], ones], 2)) @ old[triangles]
    from_ = np.einsum("nk,nkj->nj", np.column_stack([x, y, np.ones(len(x))]), affine[owner[y, x]])
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), 2).astype(np.float32)
    grid[y, x] = from_
    return cv2.remap(image, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
