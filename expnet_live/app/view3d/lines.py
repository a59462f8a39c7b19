"""The lines over the face in the camera's picture: contours or mesh, fast enough for each frame."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
from scipy import sparse

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import Camera
from expnet_live.geometry.normals import NormalOperator
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import CONTOURS
from expnet_live.live.state import LiveFace
from expnet_live.meshes.subdivision import edges_of
from expnet_live.render.overlay import GRAZING, TURNED_AWAY

_STEPS = 4  # segments of a curve between neighbouring points
_FRACTION = 4  # fractional bits of OpenCV's coordinates for smooth lines


class FaceLines:
    """`contours` and `mesh` give lines (n, 2) each, in the picture's pixels."""

    def __init__(self, model: FaceModel) -> None:
        self._model = model
        self._normals = NormalOperator(model.base_triangles, len(model.mean))
        self._edges = edges_of(model.base_triangles)[0]
        curves = {name: _curve(np.array(path), len(model.mean)) for name, path in CONTOURS.items()}
        self._curves = sparse.vstack(list(curves.values())).tocsr().astype(np.float32)
        limits = [np.full(c.shape[0], TURNED_AWAY.get(name, GRAZING)) for name, c in curves.items()]
        self._limits = np.concatenate(limits)
        # Where a curve ends and another begins.
        self._ends = np.cumsum([c.shape[0] for c in curves.values()])[:-1]

    def contours(self, face: LiveFace, size: tuple[int, int]) -> list[Array]:
        """Smooth curves in a picture of width x height = `size`, without the parts that face away."""
        seen = self._seen(face, size)
        if seen is None:
            return []
        points, facing = seen
        curves = self._curves @ np.column_stack([points, facing])
        shown = curves[:, 2] > self._limits
        if shown.all():
            return _parts(curves[:, :2], self._ends)
        cuts = np.union1d(self._ends, np.flatnonzero(np.diff(shown)) + 1)
        pieces = zip(_parts(curves[:, :2], cuts), _parts(shown, cuts), strict=True)
        return [piece for piece, seen in pieces if seen[0] and len(piece) > 1]

    def mesh(self, face: LiveFace, size: tuple[int, int]) -> list[Array]:
        seen = self._seen(face, size)
        if seen is None:
            return []
        points, facing = seen
        return list(points[self._edges[(facing > GRAZING)[self._edges].all(1)]])

    def _seen(self, face: LiveFace, size: tuple[int, int]) -> tuple[Array, Array] | None:
        """Positions in the picture (468, 2), and how far each faces the camera, -1..1; None if unknown."""
        state = face.state
        if len(state.identity) == self._model.n_identity:
            vertices = self._model.landmarks(state.expression, state.identity, state.blendshapes)
        elif face.head.traits.marks is not None:  # another face model was measured
            shown = face.head.vertices(state.expression, state.identity, blendshapes=state.blendshapes)
            vertices = shown[face.head.traits.marks]
        else:
            return None
        turn = matrix_from_vector(state.pose.rotation).astype(np.float32)
        points = Camera.for_image(*size).view(state.pose).project(vertices)[:, :2]
        return points, self._normals(vertices) @ turn[2]


def draw_lines(picture: Image, lines: list[Array], color: tuple[int, int, int], width: int, opacity: float) -> None:
    """Draw smooth lines, in pixels with integer centres, into `picture` (H, W, 4) BGR."""
    if not lines:
        return
    points = np.concatenate(lines)
    (x0, y0), (x1, y1) = points.min(0) - width - 1, points.max(0) + width + 2
    left, top = max(0, math.floor(x0)), max(0, math.floor(y0))
    part = picture[top : max(top, math.ceil(y1)), left : max(left, math.ceil(x1))]
    if not part.size:
        return
    scaled = np.round((points - (left, top)) * (1 << _FRACTION)).astype(np.int32)
    target = part.copy()
    ends = np.cumsum([len(line) for line in lines])[:-1]
    cv2.polylines(target, _parts(scaled, ends), False, (*color, 255), width, cv2.LINE_AA, _FRACTION)
    cv2.addWeighted(target, opacity, part, 1 - opacity, 0, dst=part)


def _parts(rows: Array, cuts: Array) -> list[Array]:
    """What np.split gives, in a tenth of its time."""
    return [rows[start:end] for start, end in pairwise([0, *cuts.tolist(), len(rows)])]


def _curve(path: Array, n: int) -> sparse.csr_matrix:
    """The linear map from all points (n, 2) to a Catmull-Rom curve (m, 2) through the points of `path`."""
    closed = path[0] == path[-1]
    at = sparse.csr_matrix((np.ones(len(path)), (np.arange(len(path)), path)), shape=(len(path), n))
    before = at[-2] if closed else 2 * at[0] - at[1]
    after = at[1] if closed else 2 * at[-1] - at[-2]
    p = sparse.vstack([before, at, after]).tocsr()
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    steps = [
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        for t in np.arange(_STEPS) / _STEPS
    ]
    order = np.arange(_STEPS * (len(path) - 1)).reshape(_STEPS, -1).T.ravel()
    return sparse.vstack([sparse.vstack(steps).tocsr()[order], at[-1]])
