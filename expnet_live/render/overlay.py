"""Draws the face mesh over the photo it was measured on, fast enough for video."""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head, face_triangles
from expnet_live.heads.topology import CONTOURS
from expnet_live.meshes.subdivision import edges_of
from expnet_live.render.rasterizer import rasterize
from expnet_live.render.shading import Surface, diffuse, rolled_off, specular, srgb_from_linear
from expnet_live.render.style import OverlayStyle as OverlayStyle

LINE_COLOR = (255, 226, 120)  # BGR
_FRACTION_BITS = 4
GRAZING = 0.05  # z of a normal below which a point counts as facing away
_BEHIND = -0.3  # z of a normal below which a point has no part in what is seen
# The edges of the mouth and the eyes roll inwards, so their normals say little about their visibility.
TURNED_AWAY = {"lips inner": -0.95, "right eye": -0.6, "left eye": -0.6}


class FaceOverlay:
    """Draws faces of one head over pictures. `quickly`: a solid face with a coarser mesh, at half the resolution."""

    def __init__(self, head: Head, style: OverlayStyle, *, quickly: bool = False) -> None:
        traits, triangles = head.traits, face_triangles(head)
        if quickly and isinstance(head, FaceModel):
            triangles = np.concatenate([head.coarse_triangles, triangles[len(head.face_triangles) :]])
        # Without the back of the head, the person's own hair and ears stay to be seen.
        self._surface = Surface(triangles, head.colors, traits.shine, traits.wires, traits.marks)
        self._head, self._style, self._quickly = head, style, quickly

    def draw(
        self,
        image: Image,
        view: WeakPerspective,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
    ) -> Image:
        """A copy of `image` with a face over it; its state as in Head.vertices."""
        vertices = self._head.vertices(expression, identity, gaze, blendshapes)
        normals = self._head.normals(vertices)
        return draw_overlay(image, self._surface, vertices, normals, view, style=self._style, finely=not self._quickly)


def draw_overlay(
    image: Image,
    surface: Surface,
    vertices: Array,
    normals: Array,
    view: WeakPerspective,
    *,
    style: OverlayStyle = OverlayStyle.SOLID,
    opacity: float = 0.75,
    finely: bool = True,
) -> Image:
    """A copy of `image` (BGR) with the face drawn over it in the given `view`.

    `vertices` (V, 3) mm and unit `normals` (V, 3) are those of `surface`, which holds the triangles to
    shade (leave the head's shell out to see the person's own hair), the edges of the wireframe and the
    vertices that the contours follow. A solid face is shaded at half the resolution unless `finely`.
    """
    out = image.copy()
    points = view.project(vertices)
    turned = np.asarray(normals, np.float32) @ matrix_from_vector(view.rotation).T.astype(np.float32)
    if style is OverlayStyle.SOLID:
        _shade(out, surface, points, turned, opacity, finely)
    elif style is OverlayStyle.CONTOURS:
        marks = slice(None) if surface.marks is None else surface.marks
        _lines(out, contour_lines(points[marks], turned[marks]), opacity)
    else:
        edges = edges_of(surface.triangles)[0] if surface.edges is None else surface.edges
        edges = edges[(turned[edges, 2] > GRAZING).all(1)]
        # More than a thousand lines would hide the face at full strength.
        _lines(out, points[edges, :2], 0.6 * opacity)
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


def _shade(out: Image, surface: Surface, points: Array, normals: Array, opacity: float, finely: bool) -> None:
    vertices, triangles = surface.used
    points, normals = points[vertices].astype(np.float32), normals[vertices]
    box = _region(out, points[:, :2])
    if box is None:
        return
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    scale = 1.0 if finely else 0.5
    size = -int(-w * scale // 1), -int(-h * scale // 1)
    # In pixels of the drawing, whose outer edges are those of the region.
    corner, half = np.array([x0, y0, 0], np.float32), np.array([0.5, 0.5, 0], np.float32)
    placed = (points - corner + half) * np.float32(scale) - half
    lit_side = normals[:, 2] > _BEHIND
    triangles = triangles[lit_side[triangles].any(1)]
    fragments = rasterize(placed, triangles, *size)

    # Light is smooth: lighting vertices and interpolating is much cheaper than lighting pixels.
    color = np.zeros((len(vertices), 3), np.float32)
    lit = surface.albedo[lit_side] * diffuse(normals[lit_side])
    if surface.shine is not None:
        lit += specular(normals[lit_side], surface.shine[vertices[lit_side]])
    color[lit_side] = srgb_from_linear(rolled_off(lit))[:, ::-1]
    layer = np.zeros((size[1] * size[0], 4), np.float32)
    layer[fragments.pixel, :3] = fragments.interpolate(triangles, color)
    layer[fragments.pixel, 3] = 1
    layer = layer.reshape(size[1], size[0], 4)
    # The edge fades inwards, over about a fiftieth of the face, so that the face blends into the photo.
    sigma = max(0.7, 0.008 * max(size))
    layer[:, :, 3] = opacity * np.clip(2 * cv2.GaussianBlur(layer[:, :, 3], (0, 0), sigma) - 1, 0, 1)
    layer[:, :, :3] *= layer[:, :, 3:]
    if not finely:
        layer = cv2.resize(layer, (w, h), interpolation=cv2.INTER_LINEAR)
    roi = out[y0:y1, x0:x1]
    roi[:] = (roi * (1 - layer[:, :, 3:]) + layer[:, :, :3] + 0.5).astype(np.uint8)


def _lines(out: Image, lines: list[Array] | Array, opacity: float) -> None:
    """Draws lines (n, 2) of any n, or an array (L, n, 2) of them."""
    if not len(lines):
        return
    points = lines.reshape(-1, 2) if isinstance(lines, np.ndarray) else np.concatenate(lines)
    box = _region(out, points)
    if box is None:
        return
    x0, y0, x1, y1 = box
    roi = out[y0:y1, x0:x1]
    drawn = roi.copy()
    # OpenCV draws smooth lines from integer coordinates with a few fractional bits.
    scaled = np.round((points - (x0, y0)) * (1 << _FRACTION_BITS)).astype(np.int32)
    if isinstance(lines, np.ndarray):
        parts = list(scaled.reshape(lines.shape))  # far quicker than to split them
    else:
        parts = np.split(scaled, np.cumsum([len(line) for line in lines])[:-1])
    cv2.polylines(drawn, parts, False, LINE_COLOR, 1, cv2.LINE_AA, _FRACTION_BITS)
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
