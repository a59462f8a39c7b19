"""Heads of the ICT Face Model Light, of random shape, with the skin of photos of neutral faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.research.training.made.backdrop import Backdrop
from expnet_live.research.training.made.ict import EYES, Performer
from expnet_live.research.training.made.performance import TONGUES, with_long_tongue
from expnet_live.research.training.made.scene import FRAME_MIDDLE, FRAME_SCALE, Camera, Face, Scene, glasses
from expnet_live.research.training.made.skin import is_gray, skin_of

_SHAPE_SD = 0.8  # of a head's identity
_EYES = [np.arange(EYES[side].start, EYES[side].stop) for side in ("Right", "Left")]


class IctActor:
    """Heads of the ICT Face Model Light with the skin of photos."""

    def __init__(self, head: Performer, faces: Callable[[np.random.Generator], Face], backdrop: Backdrop) -> None:
        self._head, self._faces, self._backdrop = head, faces, backdrop
        self._normals = NormalOperator(head.triangles, head.n_vertices)

    @property
    def triangles(self) -> Array:
        return self._head.triangles

    @property
    def n_vertices(self) -> int:
        return self._head.n_vertices

    def change(self, rng: np.random.Generator) -> None:
        head, face = self._head, self._faces(rng)
        weights = rng.normal(0, _SHAPE_SD, len(head.identity)).astype(np.float32)
        self._shape = head.neutral + np.tensordot(weights, head.identity, 1)
        self._coat = skin_of(face.photo, face.points, head, rng)
        self._gray = self._coat.photo is not None and is_gray(self._coat.photo)
        self._lashes, self._glasses = bool(rng.random() < 0.2), bool(rng.random() < 0.18)
        self._tongue = rng.uniform(*TONGUES)

    def play(self, strengths: Array, rng: np.random.Generator) -> Scene:
        head, camera = self._head, Camera.random(self._head.unit, rng)
        moved = with_long_tongue(strengths, self._tongue)
        vertices = head.vertices(self._shape, moved, float(rng.uniform(0.2, 0.8)), self._lashes)
        rims = glasses(vertices, _EYES, rng) if self._glasses else []
        return Scene(
            seen=camera.seen(vertices),
            normals=camera.turn.apply(self._normals(vertices)),
            coat=self._coat,
            background=self._backdrop(self._gray, rng),
            points=camera.seen(vertices[head.base])[:, :2].astype(np.float32),
            rotation=camera.rotation,
            scale=FRAME_SCALE,
            origin=FRAME_MIDDLE,
            rims=[camera.seen(rim)[:, :2] for rim in rims],
        )
