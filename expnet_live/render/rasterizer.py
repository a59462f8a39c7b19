"""A z-buffer in numpy: which triangle each pixel shows, and where inside it.

It splits all triangles into pixel rows, and all rows into pixels, at once; it touches only pixels that a
triangle really covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array

_EDGE = 1e-7  # px by which an edge may miss a pixel's centre


@dataclass(frozen=True, eq=False)
class Fragments:
    """The M visible pixels: flat index y * width + x (M,), triangle (M,), barycentric weights (M, 3), depth (M,)."""

    pixel: Array
    triangle: Array
    weights: Array
    depth: Array

    def interpolate(self, triangles: Array, values: Array) -> Array:
        """Values (V, C) of the vertices at the M pixels, (M, C) float32."""
        values = values.astype(np.float32, copy=False)
        corners = triangles.take(self.triangle, axis=0)
        mixed = values.take(corners[:, 0], axis=0) * self.weights[:, :1]
        for k in (1, 2):
            mixed += values.take(corners[:, k], axis=0) * self.weights[:, k : k + 1]
        return np.asarray(mixed)


def rasterize(points: Array, triangles: Array, width: int, height: int) -> Fragments:
    """Draw triangles (F, 3) with projected corners at points (V, 3).

    `points` holds x, y in pixels (y down, integer = pixel centre) and a depth that grows towards
    the viewer. Triangles seen from behind, which are clockwise with y up, are left out.
    """
    # One array for each coordinate of each corner: numpy is slow at arrays whose last axis has length three.
    x_of, y_of, z_of = (np.ascontiguousarray(axis, np.float64) for axis in np.asarray(points).T)
    corners = [np.ascontiguousarray(triangles[:, k]) for k in range(3)]
    # Most triangles of a small face lie between the centres of pixels: first between rows, then between columns.
    ys = [y_of.take(corner) for corner in corners]
    first, last = np.ceil(np.maximum(_smallest(ys), 0)), np.floor(np.minimum(_largest(ys), height - 1))
    faces = np.flatnonzero(last >= first)
    xs = [x_of.take(corner.take(faces)) for corner in corners]
    left, right = np.maximum(_smallest(xs) - _EDGE, 0), np.minimum(_largest(xs) + _EDGE, width - 1)
    among = np.flatnonzero(np.floor(right) >= np.ceil(left))
    faces, xs = faces.take(among), [x.take(among) for x in xs]
    ys = [y.take(faces) for y in ys]
    area: Array = (xs[2] - xs[0]) * (ys[1] - ys[0]) - (xs[1] - xs[0]) * (ys[2] - ys[0])
    among = np.flatnonzero(area > 1e-9)
    faces, area = faces.take(among), area.take(among)
    xs, ys = ([values.take(among) for values in axis] for axis in (xs, ys))
    zs = [z_of.take(corner.take(faces)) for corner in corners]
    first, last = first.take(faces), last.take(faces)

    # Barycentric weight k at (x, y) is step * x + slope * y + constant: 1 at corner k, 0 on the opposite edge.
    face, y = _expand(first.astype(np.intp), (last - first).astype(np.intp) + 1)
    left, right = np.zeros(len(face)), np.full(len(face), width - 1.0)
    depth_at_row, depth_step = np.zeros(len(face)), np.zeros(len(faces))
    at_row, steps = [], []
    for k, (p, q) in enumerate(((1, 2), (2, 0), (0, 1))):
        step, slope = (ys[q] - ys[p]) / area + 0.0, (xs[p] - xs[q]) / area
        start = slope.take(face) * y - (step * xs[p] + slope * ys[p]).take(face)
        # A weight that grows to the right bounds the row at the left. One that does not change leaves all of it or
        # nothing: its bound is infinite, or no number on the edge itself, which fmax skips.
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = start * (-1 / step).take(face)
        falls = (step < 0).take(face)
        left = np.fmax(left, np.where(falls, -np.inf, bound))
        right = np.fmin(right, np.where(falls, bound, np.inf))
        depth_at_row += start * zs[k].take(face)
        depth_step += step * zs[k]
        at_row.append(start)
        steps.append(step)
    begin = np.ceil(np.minimum(left - _EDGE, width)).astype(np.intp)
    end = np.floor(np.maximum(right + _EDGE, -1)).astype(np.intp)
    row, x = _expand(begin, np.maximum(end - begin + 1, 0))

    depth = (depth_at_row.take(row) + depth_step.take(face).take(row) * x).astype(np.float32)
    pixel = y.take(row) * width + x
    winner = _nearest(pixel, depth, width * height)

    row, x, pixel, depth = row[winner], x[winner], pixel[winner], depth[winner]
    owner = face.take(row)
    weights = np.empty((len(pixel), 3), np.float32)
    for k in range(3):
        weights[:, k] = at_row[k].take(row) + steps[k].take(owner) * x
    return Fragments(pixel, faces.take(owner), weights, depth)


def _largest(values: list[Array]) -> Array:
    return np.maximum(np.maximum(values[0], values[1]), values[2])


def _smallest(values: list[Array]) -> Array:
    return np.minimum(np.minimum(values[0], values[1]), values[2])


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
