"""A shaded face over a picture, fast enough for video: lit at its vertices, and only where it is seen."""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.srgb import srgb_from_linear
from expnet_live.core.types import Array, Image
from expnet_live.render.rasterizer import Fragments, rasterize
from expnet_live.render.shading import Surface, diffuse, rolled_off, specular

_COARSE = 0.4  # of the resolution: teeth fall apart at less
_BEHIND = -0.3  # z of a normal below which a point has no part in what is seen


def paint(roi: Image, surface: Surface, points: Array, normals: Array, opacity: float, finely: bool) -> None:
    """Draw `surface` over `roi` (H, W, 3) BGR in place, at 0.4 of the resolution unless `finely`.

    `points` (n, 3) of the vertices in `surface.used` are in pixels of `roi` with a depth as in `rasterize`, `normals`
    (n, 3) in the camera frame.
    """
    # Below, numbers of one kind lie side by side: numpy is slow at arrays whose last axis has length three.
    triangles = surface.used[1]
    h, w = roi.shape[:2]
    scale = 1.0 if finely else _COARSE
    size = -int(-w * scale // 1), -int(-h * scale // 1)
    # In pixels of the drawing, whose outer edges are those of the region.
    placed = np.ascontiguousarray(points.T)
    placed[:2] += 0.5
    placed *= np.float32(scale)
    placed[:2] -= 0.5
    facing = normals[:, 2] > _BEHIND

    skin, inside = triangles[: surface.n_skin], triangles[surface.n_skin :]
    skin = _with_any(facing, skin)
    fragments = rasterize(placed.T, skin, *size)
    inside = _with_any(facing & ~_covered(placed, fragments, size), inside)
    layers = [(skin, fragments)]
    if len(inside):
        layers.append((inside, _nearer(rasterize(placed.T, inside, *size), fragments, size)))
    color, covered = np.zeros((size[1] * size[0], 3), np.uint8), np.zeros(size[1] * size[0], np.uint8)
    lit = _lit(surface, layers, normals)
    for parts, seen in layers:
        color[seen.pixel] = seen.interpolate(parts, lit) + 0.5
        covered[seen.pixel] = 255
    _blend(roi, color.reshape(size[1], size[0], 3), covered.reshape(size[1], size[0]), opacity)


def _with_any(chosen: Array, triangles: Array) -> Array:
    """Those triangles (F, 3) that have a corner that is chosen (V,)."""
    a, b, c = (chosen.take(triangles[:, k]) for k in range(3))
    return triangles.take(np.flatnonzero(a | b | c), axis=0)


def _covered(placed: Array, skin: Fragments, size: tuple[int, int]) -> Array:
    """Which points (3, V) the skin hides, for certain."""
    width, height = size
    depth = np.full((height, width), -np.inf, np.float32)
    depth.ravel()[skin.pixel] = skin.depth
    # The farthest of the pixels around, and nothing hides what lies beyond the picture's edge.
    depth = cv2.erode(cv2.copyMakeBorder(depth, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=-np.inf), np.ones((3, 3)))
    x = np.clip(np.rint(placed[0]), -1, width).astype(np.intp) + 1
    y = np.clip(np.rint(placed[1]), -1, height).astype(np.intp) + 1
    return np.asarray(placed[2] < depth.ravel().take(y * (width + 2) + x))


def _nearer(fragments: Fragments, skin: Fragments, size: tuple[int, int]) -> Fragments:
    """Those fragments that lie before the skin."""
    depth = np.full(size[0] * size[1], -np.inf, np.float32)
    depth[skin.pixel] = skin.depth
    seen = fragments.depth > depth[fragments.pixel]
    return Fragments(fragments.pixel[seen], fragments.triangle[seen], fragments.weights[seen], fragments.depth[seen])


def _lit(surface: Surface, layers: list[tuple[Array, Fragments]], normals: Array) -> Array:
    """BGR of the vertices (V, 3) that are seen. To light and interpolate is cheaper than to light pixels."""
    color = np.zeros((len(normals), 3), np.float32)
    used = np.zeros(len(normals), bool)
    for triangles, seen in layers:
        shown = np.zeros(len(triangles), bool)
        shown[seen.triangle] = True
        used[triangles.take(np.flatnonzero(shown), axis=0)] = True
    used &= normals[:, 2] > _BEHIND
    numbers = np.flatnonzero(used)
    towards = normals.take(numbers, axis=0)
    light = surface.albedo.take(numbers, axis=1) * diffuse(towards).T
    if surface.gloss is not None:
        light += specular(towards, surface.gloss.take(numbers, axis=1)).T
    color[numbers] = srgb_from_linear(rolled_off(light))[::-1].T
    return color


def _blend(roi: Image, color: Image, covered: Image, opacity: float) -> None:
    """Lay `color` where `covered` is 255 over the picture, of the same shape or larger."""
    # The edge fades inwards, over about a fiftieth of the face, so that the face blends into the photo.
    height, width = covered.shape
    weight = covered.astype(np.float32)
    weight = cv2.GaussianBlur(weight, (0, 0), max(0.7, 0.008 * max(width, height)))
    weight = np.clip(weight * np.float32(2 * opacity / 255) - np.float32(opacity), 0, opacity)
    # Colours go on beyond the edge, or black would blend in there.
    cv2.copyTo(cv2.dilate(color, np.ones((3, 3))), cv2.bitwise_not(covered), color)
    if covered.shape != roi.shape[:2]:
        shape = roi.shape[1::-1]
        color, weight = (cv2.resize(part, shape, interpolation=cv2.INTER_LINEAR) for part in (color, weight))
    roi[:] = cv2.blendLinear(np.ascontiguousarray(roi), color, 1 - weight, weight)
