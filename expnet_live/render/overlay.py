"""Draws the face mesh over the photo it was measured on, fast enough for video."""

from __future__ import annotations

import math
from functools import cache
from itertools import accumulate, pairwise

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel, Mesher
from expnet_live.heads.head import Head, Part, face_triangles
from expnet_live.heads.topology import CONTOURS
from expnet_live.render.shading import Surface
from expnet_live.render.solid import paint
from expnet_live.render.style import OverlayStyle

LINE_COLOR = (255, 226, 120)  # BGR
_OPACITY = 0.75
_FRACTION_BITS = 4
_QUARTERS = np.arange(4, dtype=np.float32)[:, None, None] / 4
GRAZING = 0.05  # z of a normal below which a point counts as facing away
# The edges of the mouth and the eyes roll inwards, so their normals say little about their visibility.
TURNED_AWAY = {"lips inner": -0.95, "right eye": -0.6, "left eye": -0.6}


class FaceOverlay:
    """Draws faces of one head over pictures. `quickly`: a solid face with a coarser mesh, at 0.4 of the resolution."""

    def __init__(self, head: Head, style: OverlayStyle, *, quickly: bool = False) -> None:
        self._head, self._style, self._quickly = head, style, quickly
        self._surface = face_surface(head, coarsely=quickly)
        self._part: Mesher | None = None  # of our own head, what a solid face shows
        if style is OverlayStyle.SOLID and isinstance(head, FaceModel):
            self._part = head.part(self._surface.used[0])

    def draw(
        self,
        image: Image,
        view: WeakPerspective,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
        time: float = 0.0,
        face: int = 0,
    ) -> Image:
        """A copy of `image` with a face over it; its state as in Head.vertices. It is the same at any time."""
        if self._part is not None:
            out = image.copy()
            vertices, normals = self._part(expression, identity, gaze, blendshapes)
            _solid(out, self._surface, vertices, normals, view, _OPACITY, not self._quickly)
            return out
        if isinstance(self._head, FaceModel):
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
    opacity: float = _OPACITY,
    finely: bool = True,
) -> Image:
    """A copy of `image` (BGR) with the face drawn over it in the given `view`.

    `vertices` (V, 3) mm and unit `normals` (V, 3) are those of `surface`, which holds the triangles to
    shade (leave the head's shell out to see the person's own hair), the edges of the wireframe and the
    vertices that the contours follow. A solid face is shaded at 0.4 of the resolution unless `finely`.
    """
    out = image.copy()
    if style is OverlayStyle.SOLID:
        used = surface.used[0]
        _solid(out, surface, vertices.take(used, axis=0), normals.take(used, axis=0), view, opacity, finely)
        return out
    points, turned = view.project(vertices), _turned(normals, view)
    if style is OverlayStyle.CONTOURS:
        marks = slice(None) if surface.marks is None else surface.marks
        _lines(out, contour_lines(points[marks], turned[marks]), opacity)
    else:
        # More than a thousand lines would hide the face at full strength.
        _lines(out, wire_lines(surface, points, turned), 0.6 * opacity)
    return out


def _solid(
    out: Image, surface: Surface, vertices: Array, normals: Array, view: WeakPerspective, opacity: float, finely: bool
) -> None:
    """Draw a solid face over `out`; vertices and normals are those in `surface.used`."""
    points = view.project(vertices)
    if (box := _region(out, points[:, :2])) is not None:
        x0, y0, x1, y1 = box
        points[:, 0] -= x0
        points[:, 1] -= y0
        paint(out[y0:y1, x0:x1], surface, points, _turned(normals, view), opacity, finely)


def _turned(normals: Array, view: WeakPerspective) -> Array:
    """Normals (V, 3) in the camera frame."""
    return cv2.transform(np.asarray(normals, np.float32)[None], matrix_from_vector(view.rotation))[0]


def wire_lines(surface: Surface, points: Array, normals: Array) -> list[Array]:
    """The wireframe as lines (n, 2) in pixels, without the edges that face away; arguments as in `contour_lines`."""
    path, joined = surface.trails
    shown = normals[:, 2].take(path) > GRAZING
    joined = joined & shown[1:] & shown[:-1]
    part_of_a_line = np.append(joined, False) | np.append(False, joined)
    cuts = np.cumsum(part_of_a_line)[:-1][~joined & part_of_a_line[:-1]].tolist()
    line = points[:, :2].take(path[part_of_a_line], axis=0)
    return [line[i:j] for i, j in pairwise([0, *cuts, len(line)]) if j > i]


def contour_lines(points: Array, normals: Array) -> list[Array]:
    """The contours of a face as smooth lines (n, 2) in pixels, without the parts that face away.

    `points` (V, 2 or 3) in the picture and unit `normals` (V, 3) in the camera frame begin with the 468 base points.
    They are Catmull-Rom curves, with 4 segments between neighbours.
    """
    path, limits, begins, ends = _contours()
    p, shown = points[:, :2].take(path, axis=0), normals[:, 2].take(path) > limits
    joined = np.append(shown[:-1] & shown[1:], False)
    joined[ends] = False
    links = np.flatnonzero(joined)
    if not len(links):
        return []
    before, after = links - 1, links + 2
    first, last = ~joined[links - 1], ~joined[links + 1]
    # A closed contour that is shown whole goes on where it begins.
    for begin, end in zip(begins, ends, strict=True):
        if path[begin] == path[end] and shown[begin : end + 1].all():
            at_begin, at_end = links == begin, links == end - 1
            before[at_begin], after[at_end] = end - 1, begin + 1
            first &= ~at_begin
            last &= ~at_end
    b, c = p[links], p[links + 1]
    a = np.where(first[:, None], 2 * b - c, p.take(before, axis=0, mode="clip"))
    d = np.where(last[:, None], 2 * c - b, p.take(after, axis=0, mode="clip"))
    t = _QUARTERS
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    curve = curve.transpose(1, 0, 2)
    cuts = [0, *(np.flatnonzero(np.diff(links) > 1) + 1).tolist(), len(links)]
    return [np.vstack([curve[i:j].reshape(-1, 2), c[j - 1 : j]]) for i, j in pairwise(cuts)]


@cache
def _contours() -> tuple[Array, Array, Array, Array]:
    """All contours as one path: vertices (n,), the least z of their normals (n,), and the begin and end of each."""
    sizes = np.array([len(path) for path in CONTOURS.values()])
    path = np.concatenate([np.array(path) for path in CONTOURS.values()])
    limits = np.repeat([TURNED_AWAY.get(name, GRAZING) for name in CONTOURS], sizes).astype(np.float32)
    ends = np.cumsum(sizes) - 1
    return path, limits, ends - sizes + 1, ends


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
    parts = [scaled[i:j] for i, j in pairwise(accumulate(map(len, lines), initial=0))]
    cv2.polylines(drawn, parts, False, LINE_COLOR, 1, cv2.LINE_AA, _FRACTION_BITS)
    cv2.addWeighted(drawn, opacity, roi, 1 - opacity, 0, dst=roi)


def _region(image: Image, points: Array) -> tuple[int, int, int, int] | None:
    """The part of `image` around points (N, 2), as x0, y0, x1, y1; None if it is empty."""
    (x0, x1), (y0, y1) = (
        # numpy is slow at the least of each column of many rows.
        (min(max(math.floor(axis.min()) - 2, 0), end), min(max(math.ceil(axis.max()) + 3, 0), end))
        for axis, end in zip((points[:, 0], points[:, 1]), image.shape[1::-1], strict=True)
    )
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None
