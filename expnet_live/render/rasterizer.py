"""A z-buffer in numpy: which triangle each pixel shows, and where inside it.

It splits all triangles into pixel rows, and all rows into pixels, at once; it touches only pixels that a
triangle really covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array


@dataclass(frozen=True, eq=False)
class Fragments:
    """The M visible pixels: flat index y * width + x (M,), triangle (M,), barycentric weights (M, 3), depth (M,)."""

    pixel: Array
    triangle: Array
    weights: Array
    depth: Array

    def interpolate(self, triangles: Array, values: Array) -> Array:
        """Values (V, C) of the vertices at the M pixels, (M, C) float32."""
        corners = values.astype(np.float32, copy=False)[triangles[self.triangle]]
        return np.einsum("mk,mkc->mc", self.weights, corners)


def rasterize(points: Array, triangles: Array, width: int, height: int) -> Fragments:
    """Draw triangles (F, 3) with projected corners at points (V, 3).

    `points` holds x, y in pixels (y down, integer = pixel centre) and a depth that grows towards
    the viewer. Triangles seen from behind, which are clockwise with y up, are left out.
    """
    corners = np.asarray(points, np.float64)[triangles]
    (x0, y0), (x1, y1), (x2, y2) = (corners[:, k, :2].T for k in range(3))
    area = (x2 - x0) * (y1 - y0) - (x1 - x0) * (y2 - y0)
    xs, ys = corners[:, :, 0], corners[:, :, 1]
    first = np.clip(np.ceil(_smallest(ys)), 0, height).astype(np.int64)
    last = np.clip(np.floor(_largest(ys)), -1, height - 1).astype(np.int64)
    seen = (area > 1e-9) & (last >= first) & (_largest(xs) >= 0) & (_smallest(xs) <= width - 1)
    faces = np.flatnonzero(seen)
    corners, first, last, area = corners[faces], first[faces], last[faces], area[faces]

    # Barycentric weight k at (x, y) is slope_x * x + slope_y * y + constant: 1 at corner k, 0 on the opposite edge.
    p, q = np.roll(corners, -1, axis=1)[:, :, :2], np.roll(corners, -2, axis=1)[:, :, :2]
    slope_x = (q[:, :, 1] - p[:, :, 1]) / area[:, None]
    slope_y = (p[:, :, 0] - q[:, :, 0]) / area[:, None]
    constant = -(slope_x * p[:, :, 0] + slope_y * p[:, :, 1])
    z = corners[:, :, 2]

    face, y = _expand(first, last - first + 1)
    at_row = slope_y[face] * y[:, None] + constant[face]
    step = slope_x[face]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -at_row / step
    left = _largest(np.where(step > 0, crossing, np.where((step == 0) & (at_row < 0), np.inf, -np.inf)))
    right = _smallest(np.where(step < 0, crossing, np.inf))
    start = np.ceil(np.clip(left - 1e-7, 0, width)).astype(np.int64)
    stop = np.floor(np.clip(right + 1e-7, -1, width - 1)).astype(np.int64)
    row, x = _expand(start, np.maximum(stop - start + 1, 0))

    z = z[face]
    depth_step = np.einsum("ij,ij->i", step, z).astype(np.float32)
    depth_start = np.einsum("ij,ij->i", at_row, z) + start * depth_step
    depth = depth_start.astype(np.float32)[row] + depth_step[row] * (x - start[row]).astype(np.float32)
    pixel = y[row] * width + x
    winner = _nearest(pixel, depth, width * height)

    row, x, pixel, depth = row[winner], x[winner], pixel[winner], depth[winner]
    weights = (at_row[row] + step[row] * x[:, None]).astype(np.float32)
    return Fragments(pixel, faces[face[row]], weights, depth)


def _largest(values: Array) -> Array:
    # numpy is slow at reductions over an axis of length three.
    return np.maximum(np.maximum(values[:, 0], values[:, 1]), values[:, 2])


def _smallest(values: Array) -> Array:
    return np.minimum(np.minimum(values[:, 0], values[:, 1]), values[:, 2])


def _expand(start: Array, count: Array) -> tuple[Array, Array]:
    """Owner and value of start, start + 1, ... (count of them) of every entry."""
    owner = np.repeat(np.arange(len(start)), count)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return owner, start[owner] + offset


def _nearest(pixel: Array, depth: Array, n_pixels: int) -> Array:
    """Indices of the nearest candidate of each pixel that has any."""
    shown = np.full(n_pixels, -1, np.int64)
    candidate = np.arange(len(pixel))
    # Each round settles every pixel that has no nearer candidate; a face has few layers.
    while len(candidate):
        shown[pixel[candidate]] = candidate
        candidate = candidate[depth[candidate] > depth[shown[pixel[candidate]]]]
    return shown[shown >= 0]
