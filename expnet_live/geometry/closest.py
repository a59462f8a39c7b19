"""Finds the exact closest points of a triangle mesh, for many points at a time."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from expnet_live.core.types import Array

_FIRST = 6  # centres to check first for every point


class ClosestPoint:
    """Called with points (N, 3): the closest points (N, 3) on the mesh of vertices (V, 3) and triangles (F, 3)."""

    def __init__(self, vertices: Array, triangles: Array) -> None:
        self._corners = np.asarray(vertices, np.float64)[triangles]
        centers = self._corners.mean(1)
        self._radius = np.linalg.norm(self._corners - centers[:, None], axis=2).max(1)
        # A large triangle can be near a point although its centre is far: each size has its own search tree.
        size = np.floor(np.log2(np.maximum(self._radius, 1e-12))).astype(int)
        groups = [np.flatnonzero(size == s) for s in np.unique(size)]
        groups.sort(key=len, reverse=True)
        self._groups = [(g, cKDTree(centers[g]), float(self._radius[g].max())) for g in groups]

    def __call__(self, points: Array) -> Array:
        return self._found(points)[0]

    def located(self, points: Array) -> tuple[Array, Array]:
        """The triangles (N,) in which the closest points lie, and their barycentric weights (N, 3)."""
        near, triangle = self._found(points)
        # Areas opposite each corner; a degenerate triangle counts as one corner three times.
        sides = self._corners[triangle] - near[:, None]
        areas = np.linalg.norm(np.cross(np.roll(sides, -1, axis=1), np.roll(sides, -2, axis=1)), axis=2)
        total = areas.sum(1, keepdims=True)
        return triangle, np.where(total > 0, areas / np.where(total > 0, total, 1), 1 / 3)

    def _found(self, points: Array) -> tuple[Array, Array]:
        points = np.asarray(points, np.float64)
        best = _Best(points, self._corners)
        for group, tree, largest in self._groups:
            todo, k, seen = np.arange(len(points)), min(_FIRST, len(group)), 0
            while len(todo):
                distance, index = (a.reshape(len(todo), k)[:, seen:] for a in tree.query(points[todo], k=k))
                triangle = group[index]
                # Skip points that neither a triangle of that size nor any farther one can improve.
                row, column = np.nonzero(distance < best.distance[todo, None] + self._radius[triangle])
                best.update(todo[row], triangle[row, column])
                todo = todo[distance[:, -1] < best.distance[todo] + largest] if k < len(group) else todo[:0]
                seen, k = k, min(3 * k, len(group))
        return best.near, best.triangle


class _Best:
    """The closest points so far, their distances, and their triangles."""

    def __init__(self, points: Array, corners: Array) -> None:
        self._points, self._corners = points, corners
        self.near, self.triangle = np.zeros_like(points), np.zeros(len(points), np.int64)
        self.distance = np.full(len(points), np.inf)

    def update(self, point: Array, triangle: Array) -> None:
        """Check pairs of a point and a triangle, (M,) indices each, ordered by point."""
        if not len(point):
            return
        near = closest_on_triangles(self._points[point], self._corners[triangle])
        distance = np.linalg.norm(near - self._points[point], axis=1)
        starts = np.flatnonzero(np.diff(point, prepend=-1))
        least = np.repeat(np.minimum.reduceat(distance, starts), np.diff(starts, append=len(point)))
        better = np.flatnonzero((distance == least) & (distance < self.distance[point]))
        self.near[point[better]] = near[better]
        self.distance[point[better]] = distance[better]
        self.triangle[point[better]] = triangle[better]


def closest_on_triangles(points: Array, corners: Array) -> Array:
    """The closest points (N, 3) on triangles with corners (N, 3, 3), one for each of the points (N, 3).

    This is the projection onto the plane if it is inside the triangle, else the closest point of the three edges.
    """
    p = np.ascontiguousarray(points.T)
    a, b, c = np.ascontiguousarray(corners.transpose(1, 2, 0))
    ab, ac, ap = b - a, c - a, p - a
    d00, d01, d11, d20, d21 = ((u * v).sum(0) for u, v in ((ab, ab), (ab, ac), (ac, ac), (ap, ab), (ap, ac)))
    determinant = d00 * d11 - d01 * d01
    safe = np.where(determinant > 0, determinant, 1)
    v, w = (d11 * d20 - d01 * d21) / safe, (d00 * d21 - d01 * d20) / safe
    inside = (determinant > 1e-12 * d00 * d11) & (v >= 0) & (w >= 0) & (v + w <= 1)
    near = a + v * ab + w * ac
    out = np.flatnonzero(~inside)
    if len(out):
        p, a, b, c = (x[:, out] for x in (p, a, b, c))
        edges = [_on_segment(p, *ends) for ends in ((a, b), (b, c), (c, a))]
        nearest = np.argmin([((e - p) ** 2).sum(0) for e in edges], axis=0)
        near[:, out] = np.choose(nearest, edges)
    result: Array = near.T
    return result


def _on_segment(p: Array, a: Array, b: Array) -> Array:
    along = b - a
    length = (along * along).sum(0)
    t = ((p - a) * along).sum(0) / np.where(length > 0, length, 1)
    result: Array = a + np.clip(t, 0, 1) * along
    return result
