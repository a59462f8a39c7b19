"""The nearest of a few points. Search trees pay only for many, and scipy's take 0.1 s to import."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array


def nearest(points: Array, few: Array, k: int = 1) -> tuple[Array, Array]:
    """Of points (n, 3): the distances (n, k) to the k nearest of `few` (m, 3), in order, and their indices (n, k)."""
    squares = np.zeros((len(points), len(few)))
    for axis, others in zip(points.T, few.T, strict=True):
        squares += (axis[:, None] - others) ** 2
    index = squares.argmin(1)[:, None] if k == 1 else squares.argsort(1)[:, :k]
    return np.sqrt(np.take_along_axis(squares, index, 1)), index
