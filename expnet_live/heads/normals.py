"""Normals of the drawn head, computed only where they change.

The face, lids, lips and tongue bend with every expression, eyeballs and the lower jaw turn. Upper teeth and the back
of the head do neither: they keep the normals of the head at rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.anatomy import Anatomy
from expnet_live.heads.head import Part

_STILL = np.cos(np.radians(5.0))  # normals that stay this close to those at rest are not computed anew
_ALWAYS = (Part.FACE, Part.LID_RIM, Part.RIGHT_EYE, Part.LEFT_EYE, Part.LOWER_TEETH, Part.TONGUE, Part.LASHES)
_NEVER = (Part.UPPER_TEETH, Part.EARS)


class HeadNormals:
    """Called with vertices (V, 3) mm of the head: unit normals (V, 3) float32.

    `resting` (V, 3) is the head at rest looking straight ahead; `samples`, heads of other people
    and expressions, show which of its parts bend.
    """

    def __init__(self, anatomy: Anatomy, resting: Array, samples: Sequence[Array]) -> None:
        whole = NormalOperator(anatomy.triangles, len(resting))
        self._resting = whole(resting)
        bends = np.zeros(len(resting), bool)
        for sample in samples:
            bends |= np.einsum("ij,ij->i", whole(sample), self._resting) < _STILL
        self._scattered = np.flatnonzero(bends & ~np.isin(anatomy.part, _ALWAYS + _NEVER))
        self._ranges = [anatomy.range(part) for part in _ALWAYS]
        wanted = np.concatenate([*(np.arange(r.start, r.stop) for r in self._ranges), self._scattered])
        self._operator = NormalOperator(anatomy.triangles, len(resting), wanted)

    def __call__(self, vertices: Array) -> Array:
        bent = self._operator(vertices)
        normals = self._resting.copy()
        start = 0
        for r in self._ranges:
            end = start + r.stop - r.start
            normals[r], start = bent[start:end], end
        normals[self._scattered] = bent[start:]
        return normals
