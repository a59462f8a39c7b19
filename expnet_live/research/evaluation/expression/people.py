"""Persons for the renders: our own head and the ICT head, of random shape and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.srgb import linear_from_srgb
from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.tone import is_skin
from expnet_live.heads.topology import CONTOURS
from expnet_live.meshes.indices import index_type
from expnet_live.research.evaluation.expression.studio import recolored
from expnet_live.research.training.ict_head import off_axis
from expnet_live.research.training.made.ict import EYES, GUMS, HEAD, LASHES, MOUTH, SOCKETS, TEETH, Performer

_SHAPE_SD = 0.8  # of a head's identity
_DARK, _FAIR = np.array([84, 54, 40.0]), np.array([238, 205, 182.0])  # sRGB
_IRISES = np.array([(70, 45, 30), (110, 90, 60), (90, 120, 140), (80, 110, 90), (40, 28, 20)], float)
_BROWS = [CONTOURS[f"{side} brow"][:-1] for side in ("right", "left")]
_LIPS = CONTOURS["lips outer"][:-1]


class OwnPerson:
    """Our face model with another identity, skin and irises."""

    unit = 1.0

    def __init__(self, model: FaceModel, geometry: HeadGeometry, rng: np.random.Generator) -> None:
        self._model = model
        self._identity = rng.normal(0, _SHAPE_SD, model.n_identity).astype(np.float32)
        part = model.traits.parts(len(model.colors))
        self._eyes = tuple(np.flatnonzero(part == eye) for eye in (Part.RIGHT_EYE, Part.LEFT_EYE))
        colors = geometry.colors.copy()
        skin = is_skin(model)
        # The shades of the mean face stay, its tone changes.
        colors[skin] *= linear_from_srgb(_tone(rng)) / np.median(colors[part == Part.FACE], axis=0)
        rest = geometry.rest
        iris = linear_from_srgb(_IRISES[rng.integers(len(_IRISES))] * rng.uniform(0.7, 1.2))
        for eye in self._eyes:
            axis = rest[eye] - (rest[eye].min(0) + rest[eye].max(0)) / 2
            around = np.arctan2(np.hypot(axis[:, 0], axis[:, 1]), axis[:, 2])
            ring = (around > 0.2) & (around < 0.5)
            colors[eye[ring]] = colors[eye[ring]] / np.median(colors[eye[ring]], axis=0) * iris
        self._geometry = recolored(geometry, np.clip(colors, 0.003, 1), bool(rng.random() < 0.85))

    @property
    def geometry(self) -> HeadGeometry:
        return self._geometry

    @property
    def eyes(self) -> tuple[Array, Array]:
        return self._eyes[0], self._eyes[1]

    def posed(self, strengths: Array) -> tuple[Array, Array]:
        model = self._model
        vertices = model.vertices(np.zeros(model.n_expression), self._identity, blendshapes=strengths)
        return vertices, model.normals(vertices)


class IctPerson:
    """A head of the ICT Face Model Light, painted in plain colours."""

    def __init__(self, head: Performer, rng: np.random.Generator) -> None:
        self._head = head
        weights = rng.normal(0, _SHAPE_SD, len(head.identity)).astype(np.float32)
        self._shape = head.neutral + np.tensordot(weights, head.identity, 1)
        self._bend, self._normals = float(rng.uniform(0.2, 0.8)), NormalOperator(head.triangles, head.n_vertices)
        self._geometry = _plain_geometry(head, _painted(head, rng), self.posed(np.zeros(N_BLENDSHAPES, np.float32))[0])

    @property
    def unit(self) -> float:
        return self._head.unit

    @property
    def geometry(self) -> HeadGeometry:
        return self._geometry

    @property
    def eyes(self) -> tuple[Array, Array]:
        right, left = (np.arange(EYES[side].start, EYES[side].stop) for side in ("Right", "Left"))
        return right, left

    def posed(self, strengths: Array) -> tuple[Array, Array]:
        vertices = self._head.vertices(self._shape, strengths, self._bend, lashes=False)
        return vertices, self._normals(vertices).astype(np.float32)


def people(model: FaceModel, count: int, rng: np.random.Generator) -> list[OwnPerson]:
    geometry = HeadGeometry.of(model)
    return [OwnPerson(model, geometry, rng) for _ in range(count)]


def ict_people(ict: Path, indices: Path, model: FaceModel, count: int, rng: np.random.Generator) -> list[IctPerson]:
    head = Performer.load(ict, indices, model)
    return [IctPerson(head, rng) for _ in range(count)]


def _tone(rng: np.random.Generator) -> Array:
    """The sRGB (3,) of a skin."""
    return np.asarray(np.clip((_DARK + (_FAIR - _DARK) * rng.random()) * np.exp(rng.normal(0, 0.05, 3)), 15, 250))


def _painted(head: Performer, rng: np.random.Generator) -> Array:
    """Linear RGB (n_vertices, 3)."""
    import cv2

    skin, hair = _tone(rng), rng.uniform(10, 110) * np.array([1.0, 0.85, 0.75])
    colors = np.empty((head.n_vertices, 3), np.float32)
    colors[:] = skin
    rest = head.neutral
    x, y, z = head.raw[HEAD].T

    def within(points: tuple[int, ...], grow: float) -> Array:
        ring = rest[head.base[list(points)]][:, :2]
        ring = (ring - ring.mean(0)) * grow + ring.mean(0)
        hull = cv2.convexHull(ring.astype(np.float32))
        return np.array([cv2.pointPolygonTest(hull, (float(p[0]), float(p[1])), False) >= 0 for p in rest[HEAD]])

    front = z > 60
    lips = within(_LIPS, 1.0) & front
    colors[HEAD][lips] = skin * np.array([0.92, 0.62, 0.62])
    for brow in _BROWS:
        colors[HEAD][within(brow, 1.15) & front] = 0.65 * hair + 0.2 * skin
    if rng.random() < 0.85:
        scalp = (y > rng.uniform(90, 110) + 4 * np.sin(x / 6)) | ((z < rng.uniform(5, 30)) & (y > rng.uniform(-50, 30)))
        colors[HEAD][scalp] = hair
    colors[HEAD][y < -125] = rng.uniform(0, 255, 3)
    colors[MOUTH], colors[SOCKETS] = skin * np.array([0.5, 0.25, 0.25]), 0.7 * skin
    colors[GUMS], colors[TEETH] = (165, 80, 90), np.array([228, 222, 200]) * rng.uniform(0.7, 1.0)
    colors[LASHES] = (30, 24, 22)
    colors[len(head.raw) :] = np.array([190, 95, 105]) * rng.uniform(0.8, 1.1)  # the tongue
    iris, edge = _IRISES[rng.integers(len(_IRISES))] * rng.uniform(0.7, 1.2), rng.uniform(0.42, 0.52)
    for eye in EYES.values():
        angle = off_axis(head.raw[eye])
        white = np.array([224, 216, 208]) * 0.95
        colors[eye] = np.where(angle < 0.17, (12, 12, 14), np.where(angle < edge, iris, white))
    return linear_from_srgb(np.clip(colors, 2, 255))


def _plain_geometry(head: Performer, colors: Array, rest: Array) -> HeadGeometry:
    """Without hair, brows and hollows other than those behind the lips."""
    n, none = head.n_vertices, np.zeros(head.n_vertices, np.float32)
    shine, openness = np.full(n, 0.25, np.float32), np.ones(n, np.float32)
    openness[MOUTH], openness[SOCKETS], openness[GUMS], openness[TEETH] = 0.4, 0.6, 0.6, 0.75
    for part in (*EYES.values(), TEETH):
        shine[part] = 0.8
    return HeadGeometry(
        triangles=head.triangles.astype(index_type(n)),
        skin=head.triangles[:0],
        behind_lips=head.triangles[:0],
        hairy=head.triangles[:0],
        brow=head.triangles[:0],
        eyes=head.triangles[:0],
        grid=np.zeros((0, 2), np.uint32),
        colors=colors,
        shine=shine,
        openness=openness,
        paint=none,
        hair=none,
        brows=np.zeros((n, 3), np.float32),
        skinned=none,
        tone=np.ones(3),
        rest=rest,
        inside=np.zeros(n, bool),
        seam=np.zeros(n, bool),
        neck=None,
        complexion=np.arange(0, 9409, 97),
        lips=np.empty((0, 2), np.int64),
        outermost=np.arange(0, n, 16),
    )
