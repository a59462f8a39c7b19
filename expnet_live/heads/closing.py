"""Closes slits cleanly: the eyes and the mouth.

Measured lids and lips rarely touch exactly; they stop short of each other or overlap slightly. If
the edges of a slit come that close, they are made to meet, and the skin beside them moves along.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.geometry.nearest import nearest


@dataclass(frozen=True, eq=False)
class Closing:
    """`first`, `second` (n,) are vertices facing each other across a slit, first above.

    `vertices` (m,) move by `weights` (m, n) times the removed part of the vector from `second` to
    `first`. A slit of `shut` (n,) mm or less counts as closed; from `open` (n,) mm on nothing changes.
    """

    first: Array
    second: Array
    vertices: Array
    weights: sparse.csr_matrix
    shut: Array
    open: Array


def closing(
    points: Array, ring: Array, nearby: Array, *, shut: float, open_: float, upper_share: float, reach: float
) -> Closing:
    """The closing of the slit around which `ring` (2k,) runs from one corner to the other and back.

    `points` (V, 3) is the mesh at rest with the slit slightly open, `nearby` the vertices that may
    move; `shut` and `open_` mm apply where the slit is highest and shrink towards its corners. The
    upper edge moves by `upper_share` of the distance; `reach` mm is the range of the movement.
    """
    half = len(ring) // 2
    one, other = ring[1:half], ring[:half:-1]
    first, second = (one, other) if points[one, 1].mean() > points[other, 1].mean() else (other, one)
    height = np.abs(points[first, 1] - points[second, 1])
    relative = np.maximum(height / height.max(), 0.05)

    low, high = points[ring].min(0) - 3 * reach, points[ring].max(0) + 3 * reach
    nearby = nearby[((points[nearby] >= low) & (points[nearby] <= high)).all(1)]
    distance, at = nearest(points[nearby], points[ring], 3)
    blend = 1 / (distance + 1e-3) ** 2
    blend *= np.exp(-((distance[:, :1] / reach) ** 2)) / blend.sum(1, keepdims=True)
    column = np.full(len(points), -1)
    column[first] = column[second] = np.arange(len(first))
    share = np.zeros(len(points))
    share[first], share[second] = upper_share, upper_share - 1
    at = ring[at]
    row = np.broadcast_to(np.arange(len(nearby))[:, None], at.shape)
    used = (column[at] >= 0) & (distance < 3 * reach)
    weights = sparse.csr_matrix(
        ((blend * share[at])[used], (row[used], column[at][used])), shape=(len(nearby), len(first))
    )
    moving = np.flatnonzero(np.abs(weights).max(axis=1).toarray().ravel() > 0.01)
    return Closing(first, second, nearby[moving], weights[moving].astype(np.float32), shut * relative, open_ * relative)
