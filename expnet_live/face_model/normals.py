"""Normals of the drawn head, computed only where they change.

The face, lids and lips bend with every expression. Teeth, tongue and the back of the head do not:
they keep the normals of the head at rest. Eyeballs are rigid, and turn theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expnet_live.face_model.anatomy import Anatomy, Part
from expnet_live.geometry.mesh import NormalOperator
from expnet_live.types import Array

_STILL = np.cos(np.radians(5.0))  # normals that stay this close to those at rest are not computed anew
_ALWAYS = (Part.FACE, Part.LID_RIM, Part.LASHES)
_NEVER = (Part.RIGHT_EYE, Part.LEFT_EYE, Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE, Part.EARS)


class HeadNormals:
    """Called with vertices (V, 3) mm of the head: unit normals (V, 3) float32.

    `resting` (V, 3) is the head at rest looking straight ahead; `samples`, heads of other people
    and expressions, show which of its parts bend.
    """

    def __init__(self, anatomy: Anatomy, resting: Array, samples: Sequence[Array]) -> None:
        whole = NormalOperator(anatomy.triangles, len(resting))
        rest = whole(resting)
        bends = np.isin(anatomy.part, _ALWAYS)
        for sample in samples:
            bends |= np.einsum("ij,ij->i", whole(sample), rest) < _STILL
        bends &= ~np.isin(anatomy.part, _NEVER)
        live = np.flatnonzero(bends)
        self._still = rest[~bends]
        # Where each vertex is found in the live normals followed by the still ones.
        self._place = np.argsort(np.concatenate([live, np.flatnonzero(~bends)]))
        triangles = anatomy.triangles[bends[anatomy.triangles].any(1)]
        self._operator = NormalOperator(triangles, len(resting), live)
        self._balls = [_Ball(resting, anatomy.range(part)) for part in (Part.RIGHT_EYE, Part.LEFT_EYE)]

    def __call__(self, vertices: Array) -> Array:
        live = self._operator(np.asarray(vertices, np.float32))
        normals: Array = np.concatenate([live, self._still]).take(self._place, axis=0)
        for ball in self._balls:
            normals[ball.range] = normals[ball.range] @ ball.rotation(vertices).T
        return normals


class _Ball:
    """An eyeball, whose rotation is told by its pole and by two points of its rim a quarter turn apart."""

    def __init__(self, resting: Array, vertices: slice) -> None:
        n = vertices.stop - vertices.start
        self.range = vertices
        self._points = vertices.start + np.array([0, n - 1, n - 13])
        self._inverse = np.linalg.inv(self._frame(resting))

    def rotation(self, vertices: Array) -> Array:
        """The rotation matrix (3, 3) from the resting position."""
        rotation: Array = self._frame(vertices) @ self._inverse
        return rotation.astype(np.float32)

    def _frame(self, vertices: Array) -> Array:
        pole, a, b = np.asarray(vertices).take(self._points, axis=0).astype(np.float64)
        u, v = a - pole, b - pole
        return np.stack([u, v, np.cross(u, v) / 10], 1)
