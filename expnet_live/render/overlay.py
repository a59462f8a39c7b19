"""Draws the face mesh over the photo it was measured on, fast enough for video."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.topology import CONTOURS
from expnet_live.meshes.subdivision import edges_of
from expnet_live.render.rasterizer import rasterize
from expnet_live.render.shading import Surface, diffuse, linear_from_srgb, rolled_off, specular, srgb_from_linear

LINE_COLOR = (255, 226, 120)  # BGR
_FRACTION_BITS = 4
GRAZING = 0.05  # z of a normal below which a point counts as facing away
# The edges of the mouth and the eyes roll inwards, so their normals say little about their visibility.
TURNED_AWAY = {"lips inner": -0.95, "right eye": -0.6, "left eye": -0.6}


class OverlayStyle(StrEnum):
    SHADED = "shaded"
    CONTOURS = "contours"
    WIREFRAME = "wireframe"


def draw_overlay(
    image: Image,
    surface: Surface,
    vertices: Array,
    normals: Array,
    view: WeakPerspective,
    *,
    style: OverlayStyle = OverlayStyle.SHADED,
    opacity: float = 0.75,
) -> Image:
    """A copy of `image` (BGR) with the face drawn over it in the given `view`.

    `vertices` (V, 3) mm and unit `normals` (V, 3) are those of `surface`, which holds the triangles to
    shade (leave the head's shell out to see the person's own hair), the edges of the wireframe and the
    vertices that the contours follow.
    """
    out = image.copy()
    points = view.project(vertices)
    turned = np.asarray(normals, np.float32) @ matrix_from_vector(view.rotation).T.astype(np.float32)
    if style is OverlayStyle.SHADED:
        _shade(out, surface, points, turned, opacity)
    elif style is OverlayStyle.CONTOURS:
        marks = slice(None) if surface.marks is None else surface.marks
        _lines(out, contour_lines(points[marks], turned[marks]), opacity)
    else:
        edges = edges_of(surface.triangles)[0] if surface.edges is None else surface.edges
        edges = edges[(turned[edges, 2] > GRAZING).all(1)]
        # More than a thousand lines would hide the face at full strength.
        _lines(out, list(points[edges, :2]), 0.6 * opacity)
    return out


def contour_lines(points: Array, normals: Array) -> list[Array]:
    """The contours of a face as smooth lines (n, 2) in pixels, without the parts that face away.

    `points` (V, 2 or 3) in the picture and unit `normals` (V, 3) in the camera frame begin with the 468 base points.
    """
    paths = [
        _visible_runs(np.array(path), points, normals, TURNED_AWAY.get(name, GRAZING))
        for name, path in CONTOURS.items()
    ]
    return [_smooth(run) for runs in paths for run in runs]


def _shade(out: Image, surface: Surface, points: Array, normals: Array, opacity: float) -> None:
    box = _region(out, points[surface.triangles.ravel(), :2])
    if box is None:
        return
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    fragments = rasterize(points - np.array([x0, y0, 0]), surface.triangles, w, h)

    # Light is smooth: lighting vertices and interpolating is much cheaper than lighting pixels.
    lit = linear_from_srgb(surface.colors) * diffuse(normals)
    if surface.shine is not None:
        lit += specular(normals, surface.shine)
    color = srgb_from_linear(rolled_off(lit)).astype(np.float32)
    layer = np.zeros((h * w, 4), np.float32)
    layer[fragments.pixel, :3] = fragments.interpolate(surface.triangles, color[:, ::-1])
    layer[fragments.pixel, 3] = 1
    # The edge fades inwards, over about a fiftieth of the face, so that the face blends into the photo.
    sigma = max(0.7, 0.008 * max(w, h))
    alpha = np.clip(2 * cv2.GaussianBlur(layer[:, 3].reshape(h, w), (0, 0), sigma) - 1, 0, 1)[:, :, None] * opacity
    roi = out[y0:y1, x0:x1]
    roi[:] = (roi * (1 - alpha) + alpha * layer[:, :3].reshape(h, w, 3) + 0.5).astype(np.uint8)


def _lines(out: Image, lines: list[Array], opacity: float) -> None:
    box = _region(out, np.concatenate(lines)) if lines else None
    if box is None:
        return
    x0, y0, x1, y1 = box
    roi = out[y0:y1, x0:x1]
    drawn = roi.copy()
    # OpenCV draws smooth lines from integer coordinates with a few fractional bits.
    scaled = [np.round((line - (x0, y0)) * (1 << _FRACTION_BITS)).astype(np.int32) for line in lines]
    cv2.polylines(drawn, scaled, False, LINE_COLOR, 1, cv2.LINE_AA, _FRACTION_BITS)
    cv2.addWeighted(drawn, opacity, roi, 1 - opacity, 0, dst=roi)


def _region(image: Image, points: Array) -> tuple[int, int, int, int] | None:
    """The part of `image` around points (N, 2), as x0, y0, x1, y1; None if it is empty."""
    limit = image.shape[1::-1]
    x0, y0 = (int(v) for v in np.clip(np.floor(points.min(0)) - 2, 0, limit))
    x1, y1 = (int(v) for v in np.clip(np.ceil(points.max(0)) + 3, 0, limit))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _visible_runs(path: Array, points: Array, normals: Array, limit: float) -> list[Array]:
    """The parts of a path (picture points (n, 2) each) that do not face away."""
    visible = normals[path, 2] > limit
    cuts = np.flatnonzero(np.diff(visible)) + 1
    runs = zip(np.split(path, cuts), np.split(visible, cuts), strict=True)
    return [points[run, :2] for run, shown in runs if shown[0] and len(run) > 1]


def _smooth(line: Array, steps: int = 4) -> Array:
    """A Catmull-Rom curve through points (n, 2), with `steps` segments between neighbours."""
    closed = len(line) > 3 and np.array_equal(line[0], line[-1])
    before, after = (line[-2], line[1]) if closed else (2 * line[0] - line[1], 2 * line[-1] - line[-2])
    p = np.vstack([before, line, after])
    t = np.arange(steps)[:, None, None] / steps
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.vstack([curve.transpose(1, 0, 2).reshape(-1, 2), line[-1:]])
