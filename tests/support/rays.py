"""What of a mesh is seen from the front."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array

GRID = 0.25  # mm


def rays_that_meet(part: slice, vertices: Array, triangles: Array) -> int:
    """The number of rays from the front, .25 mm apart, that meet the `part` of a mesh before anything else."""
    low, high = vertices[part, :2].min(0), vertices[part, :2].max(0)
    size = np.ceil((high - low) / GRID).astype(int) + 1
    depth, of_part = np.full(size, -np.inf), np.zeros(size, bool)
    corners = vertices[triangles]
    near = (
        (corners[:, :, :2].min(1) < high).all(1)
        & (corners[:, :, :2].max(1) > low).all(1)
        & (corners[..., 2].max(1) > vertices[part, 2].min())
    )
    for triangle, (a, b, c) in zip(triangles[near], corners[near], strict=True):
        first = np.clip(np.ceil((np.min((a, b, c), 0)[:2] - low) / GRID).astype(int), 0, size)
        last = np.clip(np.floor((np.max((a, b, c), 0)[:2] - low) / GRID).astype(int) + 1, 0, size)
        sides = np.array([b - a, c - a])[:, :2].T
        if (last <= first).any() or abs(np.linalg.det(sides)) < 1e-9:
            continue
        i, j = np.meshgrid(*map(np.arange, first, last), indexing="ij")
        u, v = np.linalg.solve(sides, (np.stack([i, j], -1).reshape(-1, 2) * GRID + low - a[:2]).T)
        z = np.where((u >= 0) & (v >= 0) & (u + v <= 1), a[2] + u * (b - a)[2] + v * (c - a)[2], -np.inf).reshape(
            i.shape
        )
        before = z > depth[i, j]
        depth[i[before], j[before]] = z[before]
        of_part[i[before], j[before]] = part.start <= triangle[0] < part.stop
    return int(of_part.sum())
