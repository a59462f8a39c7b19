"""Our own head, of random shape, painted in random colours or with the skin of photos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.eyes import IRIS_RADIUS, PUPIL_RADIUS
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.hair import lift
from expnet_live.heads.head import Part
from expnet_live.heads.topology import N_BASE, topology_of_triangles
from expnet_live.research.training.made.backdrop import Backdrop
from expnet_live.research.training.made.performance import TONGUES, with_long_tongue
from expnet_live.research.training.made.scene import (
    DULL,
    FRAME_MIDDLE,
    FRAME_SCALE,
    SKIN,
    WET,
    Camera,
    Coat,
    Face,
    Scene,
    glasses,
)  # fmt: skip
from expnet_live.research.training.made.skin import (
    cheek_of,
    grayed,
    is_gray,
    random_hair,
    random_iris,
    random_skin,
    random_tongue,
    shown,
)  # fmt: skip

_SHAPE_SD = 0.9
WET_PARTS = (Part.RIGHT_EYE, Part.LEFT_EYE, Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)


class OwnActor:
    """Our own head: random shapes, painted in random colours or with the skin of photos."""

    def __init__(self, model: FaceModel, faces: Callable[[np.random.Generator], Face], backdrop: Backdrop) -> None:
        self._model, self._faces, self._backdrop = model, faces, backdrop
        self._part = model.traits.parts(len(model.colors))
        self._refine = model.anatomy.refine[: model.n_face, :N_BASE]
        self._eyes = [np.flatnonzero(self._part == p) for p in (Part.RIGHT_EYE, Part.LEFT_EYE)]
        self._resting = model.vertices(np.zeros(model.n_expression, np.float32))
        self._inside = _inner(model)
        self._shine = np.full(len(self._part), SKIN, np.float32)
        self._shine[np.isin(self._part, WET_PARTS)] = WET
        self._shine[self._part == Part.LASHES] = DULL

    @property
    def triangles(self) -> Array:
        return self._model.triangles

    @property
    def n_vertices(self) -> int:
        return len(self._part)

    def change(self, rng: np.random.Generator) -> None:
        model = self._model
        self._identity = rng.normal(0, _SHAPE_SD, model.n_identity).astype(np.float32)
        face = self._faces(rng) if rng.random() < 0.5 else None
        skin = random_skin(rng) if face is None else cheek_of(face.photo, face.points)
        colors = np.concatenate([model.colors[:, ::-1].astype(np.float32), self._shine[:, None]], 1)
        of_skin = np.isin(self._part, (Part.FACE, Part.SHELL, Part.EARS, Part.LID_RIM))
        own = np.median(colors[self._part == Part.FACE, :3], axis=0)
        colors[of_skin, :3] = skin * (colors[of_skin, :3] / own) ** rng.uniform(0.5, 1.5)
        traits = model.traits
        if traits.folds is not None:
            colors[:, :3] *= 1 - rng.uniform(0, 1) * traits.folds[:, None]
        hair = random_hair(rng)
        if traits.brows is not None:
            dense = np.clip(traits.brows[:, :1], 0, 1) * rng.uniform(0.2, 0.95)
            colors[:, :3] += dense * (hair - colors[:, :3])
        amount = traits.hair if traits.hair is not None and rng.random() < 0.85 else np.zeros(len(colors), np.float32)
        colors[:, :3] += np.clip(1.4 * amount, 0, 1)[:, None] * (hair * rng.uniform(0.75, 1.25) - colors[:, :3])
        colors[amount > 0.5, 3] = DULL
        self._lift = lift(amount)[:, None]
        recolor_eyes(colors, self._eyes, self._resting, random_iris(rng), rng.uniform(0.75, 1.05))
        for part in (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.MOUTH):
            colors[self._part == part, :3] *= rng.uniform(0.6, 1.1)
        colors[self._part == Part.TONGUE, :3] *= random_tongue(rng)
        photo, at, share = None, np.zeros((len(colors), 2), np.float32), np.zeros(len(colors), np.float32)
        gray = rng.random() < 0.15
        if face is not None:
            photo, gray = face.photo, gray or is_gray(face.photo)
            at[: model.n_face] = self._refine @ face.points
            share[: model.n_face] = self._inside * (1 - np.clip(1.4 * amount[: model.n_face], 0, 1))
            share *= shown(photo, at)
            photo = grayed(photo) if gray else photo
        if gray:
            colors[:, :3] = grayed(colors[:, :3])
        colors[:, :3] = np.clip(colors[:, :3] / 255, 0, 1)
        self._gray, self._coat = bool(gray), Coat(colors, photo, at, share)
        self._glasses, self._tongue = bool(rng.random() < 0.15), rng.uniform(*TONGUES)

    def play(self, strengths: Array, rng: np.random.Generator) -> Scene:
        model, camera = self._model, Camera.random(1.0, rng)
        moved = with_long_tongue(strengths, self._tongue)
        vertices = model.vertices(np.zeros(model.n_expression), self._identity, blendshapes=moved)
        normals = model.normals(vertices)
        rims = glasses(vertices, self._eyes, rng) if self._glasses else []
        return Scene(
            seen=camera.seen(vertices + self._lift * normals),
            normals=camera.turn.apply(normals),
            coat=self._coat,
            background=self._backdrop(self._gray, rng),
            points=camera.seen(vertices[:N_BASE])[:, :2].astype(np.float32),
            rotation=camera.rotation,
            scale=FRAME_SCALE,
            origin=FRAME_MIDDLE,
            rims=[camera.seen(rim)[:, :2] for rim in rims],
            identity=self._identity,
        )


def _inner(model: FaceModel) -> Array:
    """How far (n_face,) vertices are inside of the face's oval, 0..1, where a photo shows skin."""
    oval = topology_of_triangles(model.base_triangles).oval
    rim = np.zeros(N_BASE, np.float32)
    rim[oval] = 1
    return np.asarray(1 - np.clip(2 * (model.anatomy.refine[: model.n_face, :N_BASE] @ rim) - 0.6, 0, 1))


def recolor_eyes(colors: Array, eyes: list[Array], resting: Array, iris: Array, white: float) -> None:
    """Gives eyeballs, whose vertices `eyes` name in `colors` (V, 3) and `resting` (V, 3) mm, another iris (BGR)."""
    for eye in eyes:
        axis = resting[eye] - (resting[eye].min(0) + resting[eye].max(0)) / 2
        radius = np.hypot(axis[:, 0], axis[:, 1])
        ring = (radius > PUPIL_RADIUS + 0.1) & (radius < IRIS_RADIUS + 0.2) & (axis[:, 2] > 0)
        own = np.median(colors[eye[ring], :3], axis=0)
        colors[eye, :3] *= white
        colors[eye[ring], :3] *= iris / own
