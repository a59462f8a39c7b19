"""The positions of eyebrow hairs, for renderers that draw single hairs."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.palette import inside

_UPPER, _LOWER = (336, 296, 334, 293, 300), (285, 295, 282, 283, 276)  # edges of the left brow, from its inner end
_SOFT = 1.3  # mm over which the hairs thin out at the edges


def brows(mean: Array, points: Array) -> Array:
    """For points (V, 3) on the mean face (468, 3): the density of hairs, 0..1, and the distances (mm) along the brow
    from its inner end and above its middle; (V, 3) float32."""
    middle = (mean[list(_UPPER)] + mean[list(_LOWER)]) / 2
    aside = np.abs(points[:, 0])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(middle, axis=0), axis=1))])
    dense = inside(mean, points, "right brow", _SOFT) + inside(mean, points, "left brow", _SOFT)
    # Extrapolate a brow beyond its ends.
    outwards = np.interp(aside, middle[:, 0], along) + np.minimum(aside - middle[0, 0], 0)
    above = points[:, 1] - np.interp(aside, middle[:, 0], middle[:, 1])
    return np.stack([dense, outwards, above], 1).astype(np.float32)
