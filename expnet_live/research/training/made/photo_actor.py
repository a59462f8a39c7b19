"""People in photos of neutral faces, moved by our mesh."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array, Image
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.topology import CONTOURS, N_BASE, topology_of_triangles
from expnet_live.research.training.crops import WIDE_SIZE
from expnet_live.research.training.made.own_actor import WET_PARTS, recolor_eyes
from expnet_live.research.training.made.performance import TONGUES, with_long_tongue
from expnet_live.research.training.made.scene import DULL, WET, Coat, Face, Scene
from expnet_live.research.training.made.skin import cheek_of, grayed, is_gray, random_iris, random_tongue

_BEHIND = (Part.SHELL, Part.EARS)  # what the photo shows itself
_LIDS = (Part.LID_RIM, Part.LASHES)
_TEETH_AND_MOUTH = (Part.MOUTH, Part.UPPER_TEETH, Part.LOWER_TEETH)
_INSIDE = (*_TEETH_AND_MOUTH, Part.TONGUE)
_LIPS = [13, 14, 78, 308]  # points of the Face Mesh
_RIGHT_LIDS = list(CONTOURS["right eye"][:-1])


class PhotoActor:
    """People in photos, whose faces our mesh moves: it carries the photo, and adds eyes and the inside of the mouth.

    The moved face is lit according to the photo's own shading; the background follows the outline of the face.
    """

    def __init__(self, model: FaceModel, faces: Callable[[np.random.Generator], Face]) -> None:
        self._model, self._faces = model, faces
        part = model.traits.parts(len(model.colors))
        self._kept = np.flatnonzero(~np.isin(part, _BEHIND))
        place = np.full(len(part), -1)
        place[self._kept] = np.arange(len(self._kept))
        whole = ~np.isin(part, _BEHIND)[model.triangles].any(1)
        self._triangles = place[model.triangles[whole]].astype(np.int32)
        self._part = part[self._kept]
        self._n_face = model.n_face
        self._refine = model.anatomy.refine[: model.n_face, :N_BASE]
        self._oval = topology_of_triangles(model.base_triangles).oval
        self._eyes = [np.flatnonzero(self._part == p) for p in (Part.RIGHT_EYE, Part.LEFT_EYE)]
        self._near_eyes = [np.array(_RIGHT_LIDS), np.asarray(model.mirror)[_RIGHT_LIDS]]
        self._resting = model.vertices(np.zeros(model.n_expression, np.float32))[self._kept]
        right = self._resting[:, 0] < 0
        lids = np.isin(self._part, _LIDS)
        self._behind_lids = [
            np.flatnonzero((self._part == eye) | (lids & side))
            for eye, side in ((Part.RIGHT_EYE, right), (Part.LEFT_EYE, ~right))
        ]
        self._shine = np.where(np.isin(self._part, WET_PARTS), WET, DULL).astype(np.float32)

    @property
    def triangles(self) -> Array:
        return self._triangles

    @property
    def n_vertices(self) -> int:
        return len(self._kept)

    def change(self, rng: np.random.Generator) -> None:
        model, face = self._model, self._faces(rng)
        self._face, self._turn = face, matrix_from_vector(face.view.rotation)
        rest, normals = self._posed(face.strengths)
        seen = self._seen(rest)[: self._n_face, :2]
        self._off = face.points - seen[:N_BASE]
        at = np.zeros((self.n_vertices, 2), np.float32)
        at[: self._n_face] = seen + self._refine @ self._off
        colors = np.concatenate([model.colors[self._kept, ::-1].astype(np.float32), self._shine[:, None]], 1)
        cheek = cheek_of(face.photo, face.points)
        bright = float(np.clip(cheek.mean() / 170, 0.3, 1.1))
        colors[:, :3] *= bright
        rim = self._part == Part.LID_RIM
        colors[rim, :3] = 0.7 * cheek * rng.uniform(0.7, 1.0)
        recolor_eyes(colors, self._eyes, self._resting, bright * random_iris(rng), rng.uniform(0.7, 1.0))
        for part in _TEETH_AND_MOUTH:
            colors[self._part == part, :3] *= rng.uniform(0.6, 1.05)
        colors[self._part == Part.TONGUE, :3] *= random_tongue(rng)
        self._tongue = rng.uniform(*TONGUES)
        if is_gray(face.photo):
            colors[:, :3] = grayed(colors[:, :3])
        colors[:, :3] = np.clip(colors[:, :3] / 255, 0, 1)
        share = np.zeros(self.n_vertices, np.float32)
        share[: self._n_face] = 1
        self._coat = Coat(colors, face.photo, at, share)
        turned = (normals @ self._turn.T)[: self._n_face]
        self._light = _light(face.photo, at[: self._n_face], turned)
        self._before = self._shade(turned)

    def play(self, strengths: Array, rng: np.random.Generator) -> Scene:
        face = self._face
        vertices, normals = self._posed(with_long_tongue(strengths, self._tongue))
        off = self._off.copy()
        # Where lids close, what they were off by is gone.
        for side, near in zip(("Right", "Left"), self._near_eyes, strict=True):
            shut = strengths[INDEX[f"eyeBlink{side}"]]
            off[near] = (1 - shut) * off[near] + shut * off[near].mean(0)
        seen = self._seen(vertices)
        moved = np.zeros((self.n_vertices, 2), np.float32)
        moved[: self._n_face] = self._refine @ off
        moved[np.isin(self._part, _INSIDE)] = off[_LIPS].mean(0)
        for near, behind in zip(self._near_eyes, self._behind_lids, strict=True):
            moved[behind] = off[near].mean(0)
        seen[:, :2] += moved
        turned = normals @ self._turn.T
        gain = np.ones(self.n_vertices, np.float32)
        gain[: self._n_face] = np.clip(self._shade(turned[: self._n_face]) / self._before, 0.55, 1.5)
        tongue = self._part == Part.TONGUE
        gain[tongue] = np.clip(self._shade(turned[tongue]), 0.55, 1.5)
        points = self._seen(vertices[:N_BASE])[:, :2] + off
        return Scene(
            seen=seen,
            normals=turned,
            coat=self._coat,
            background=_following(face.photo, face.points[self._oval], points[self._oval]),
            points=points.astype(np.float32),
            rotation=face.view.rotation,
            scale=float(face.view.scale),
            origin=np.array([face.view.x, face.view.y], np.float32),
            gain=gain,
            lit=False,
            identity=face.identity,
        )

    def _posed(self, strengths: Array) -> tuple[Array, Array]:
        model = self._model
        vertices = model.vertices(np.zeros(model.n_expression), self._face.identity, blendshapes=strengths)
        return vertices[self._kept], model.normals(vertices)[self._kept]

    def _seen(self, vertices: Array) -> Array:
        view = self._face.view
        p = vertices @ self._turn.T
        xy = np.array([view.x, view.y]) + view.scale * p[:, :2] * [1, -1]
        return np.concatenate([xy, p[:, 2:]], 1)

    def _shade(self, normals: Array) -> Array:
        ambient, way = self._light[0], self._light[1:]
        return np.asarray(np.maximum(ambient + normals @ way, 0.15))


def _light(photo: Image, at: Array, normals: Array) -> Array:
    """Ambient light and the way (3,) it comes from, (4,), 1 in the mean, by which the photo's brightness at vertices
    follows their normals."""
    x, y = np.clip(np.round(at).astype(int), 0, WIDE_SIZE - 1).T
    value = photo[y, x].astype(np.float64).mean(1)
    value /= max(np.median(value), 1)
    basis = np.concatenate([np.ones((len(value), 1)), normals], 1)
    weight = np.ones(len(value))
    for _ in range(4):
        found = np.linalg.lstsq(basis * weight[:, None], value * weight, rcond=None)[0]
        weight = 1 / (1 + ((value - basis @ found) / 0.25) ** 2)
    # A photo says little about light from hidden directions: always add some light from above and from the front.
    found = np.array([0.55, 0.0, 0.25, 0.35]) * 0.4 + 0.6 * found
    return np.asarray(found)


def _following(photo: Image, before: Array, after: Array) -> Image:
    """The photo with its points `before` (n, 2) moved to `after`, and less movement farther away."""
    step = 8
    x, y = np.meshgrid(np.arange(0, WIDE_SIZE, step), np.arange(0, WIDE_SIZE, step))
    grid = np.stack([x, y], -1).reshape(-1, 1, 2)
    distance = ((grid - after[None]) ** 2).sum(-1)
    weight = np.exp(-distance / (2 * 12.0**2)) + 1e-12
    shift = (weight[..., None] * (before - after)[None]).sum(1) / weight.sum(1)[:, None]
    shift *= np.exp(-distance.min(1) / (2 * 26.0**2))[:, None]
    shift = cv2.resize(shift.reshape(*x.shape, 2).astype(np.float32), (WIDE_SIZE, WIDE_SIZE))
    gx, gy = np.meshgrid(np.arange(WIDE_SIZE, dtype=np.float32), np.arange(WIDE_SIZE, dtype=np.float32))
    return np.asarray(
        cv2.remap(photo, gx + shift[..., 0], gy + shift[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
