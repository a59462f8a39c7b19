"""Draws the face mesh over the photo it was measured on, fast enough for video."""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head, Part, face_triangles
from expnet_live.heads.topology import CONTOURS
from expnet_live.render.shading import Surface
from expnet_live.render.solid import paint
from expnet_live.render.style import OverlayStyle as OverlayStyle

LINE_COLOR = (255, 226, 120)  # BGR
_FRACTION_BITS = 4
GRAZING = 0.05  # z of a normal below which a point counts as facing away
# The edges of the mouth and the eyes roll inwards, so their normals say little about their visibility.
TURNED_AWAY = {"lips inner": -0.95, "right eye": -0.6, "left eye": -0.6}


class FaceOverlay:
    """Draws faces of one head over pictures. `quickly`: a solid face with a coarser mesh, at half the resolution."""

    def __init__(self, head: Head, style: OverlayStyle, *, quickly: bool = False) -> None:
        self._head, self._style, self._quickly = head, style, quickly
        self._surface = face_surface(head, coarsely=quickly)

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
        if self._style is not OverlayStyle.SOLID and isinstance(self._head, FaceModel):
            vertices, normals = self._head.face_mesh(expression, identity, blendshapes)  # has all lines
        else:
            vertices = self._head.vertices(expression, identity, gaze, blendshapes)
            normals = self._head.normals(vertices)
        return draw_overlay(image, self._surface, vertices, normals, view, style=self._style, finely=not self._quickly)


def face_surface(head: Head, *, coarsely: bool = False) -> Surface:
    """The face alone: the person's own hair and ears stay visible. `coarsely`: of fewer triangles, if it can."""
    traits, triangles = head.traits, face_triangles(head)
    if coarsely and isinstance(head, FaceModel):
        triangles = np.concatenate([head.coarse_triangles, triangles[len(head.face_triangles) :]])
    skin = (traits.parts(len(head.colors)) == Part.FACE)[triangles].all(1)
    triangles = np.concatenate([triangles[skin], triangles[~skin]])
    return Surface(triangles, head.colors, traits.shine, traits.wires, traits.marks, int(skin.sum()))


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
    turned = cv2.transform(np.asarray(normals, np.float32)[None], matrix_from_vector(view.rotation))[0]
    if style is OverlayStyle.SOLID:
        box = _region(out, points[surface.used[0], :2])
        if box is not None:
            x0, y0, x1, y1 = box
            paint(out[y0:y1, x0:x1], surface, points - np.array([x0, y0, 0], np.float32), turned, opacity, finely)
    elif style is OverlayStyle.CONTOURS:
        marks = slice(None) if surface.marks is None else surface.marks
        _lines(out, contour_lines(points[marks], turned[marks]), opacity)
    else:
        # More than a thousand lines would hide the face at full strength.
        _lines(out, wire_lines(surface, points, turned), 0.6 * opacity)
    return out


def wire_lines(surface: Surface, points: Array, normals: Array) -> list[Array]:
    """The wireframe as lines (n, 2) in pixels, without the edges that face away; arguments as in `contour_lines`."""
    path, joined = surface.trails
    shown = normals[:, 2].take(path) > GRAZING
    joined = joined & shown[1:] & shown[:-1]
    part_of_a_line = np.append(joined, False) | np.append(False, joined)
    cuts = np.cumsum(part_of_a_line)[:-1][~joined & part_of_a_line[:-1]]
    lines = np.split(points[:, :2].take(path[part_of_a_line], axis=0), cuts)
    return [line for line in lines if len(line)]


def contour_lines(points: Array, normals: Array) -> list[Array]:
    """The contours of a face as smooth lines (n, 2) in pixels, without the parts that face away.

    `points` (V, 2 or 3) in the picture and unit `normals` (V, 3) in the camera frame begin with the 468 base points.
    """
    paths = [
        _visible_runs(np.array(path), points, normals, TURNED_AWAY.get(name, GRAZING))
        for name, path in CONTOURS.items()
    ]
    return [_smooth(run) for runs in paths for run in runs]


def _lines(out: Image, lines: list[Array], opacity: float) -> None:
    """Draws lines (n, 2) of any n."""
    if not lines:
        return
    points = np.concatenate(lines)
    box = _region(out, points)
    if box is None:
        return
    x0, y0, x1, y1 = box
    roi = out[y0:y1, x0:x1]
    drawn = roi.copy()
    # OpenCV draws smooth lines from integer coordinates with a few fractional bits.
    scaled = np.round((points - (x0, y0)) * (1 << _FRACTION_BITS)).astype(np.int32)
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
