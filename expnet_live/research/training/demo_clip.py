"""Renders the demo clip: the face model's head, dressed for a portrait, performing expressions in a studio."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.files import whole
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.normals import NormalOperator
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.hair import hairiness, lift
from expnet_live.heads.head import Part
from expnet_live.render.shading import Surface, render
from expnet_live.research.training.performance import DURATION, Moment, performance
from expnet_live.video.writer import MP4, VideoWriter

SIZE = (640, 480)
_SCALE = 1.38  # px per mm: the face takes about 45 % of the height
_ORIGIN = np.array([319.5, 226.0])  # position of the upright head's origin
_PIVOT = np.array([0.0, -112.0, -92.0])  # mm: the head turns on its neck

_SKIN = np.array([0.83, 0.76, 0.72])  # on the model's colours: a darker skin, which no synthetic picture has
_PERSON, _SHAPE_SD = 3, 0.6  # the seed of the actor's shape, and how far it is from the mean
_HAIR = np.array([38.0, 30.0, 27.0])
_CLOTH = np.array([58.0, 66.0, 76.0])
# Rings of a sweater round the neck, mm from the pivot: height, half width, half depth, how far forward.
_SWEATER = np.array([
    (-20, 48, 40, -3), (-6, 54, 46, -3), (-2, 58, 50, -3), (-8, 62, 54, -3), (-20, 63, 56, -4), (-32, 66, 58, -5),
    (-40, 82, 62, -6), (-50, 118, 68, -8), (-62, 158, 74, -10), (-78, 190, 82, -10), (-110, 212, 92, -8),
    (-160, 220, 100, -4), (-220, 224, 104, 0),
], float)  # fmt: skip
_AROUND = 64
_SMALL = replace(MP4, preset="slow")  # it ships with the program


@dataclass(frozen=True, eq=False)
class Look:
    """`identity` (K,) of the head; `skin` (3,) multiplies its colours; `hair` and `cloth` are RGB (3,), 0..255."""

    identity: Array
    skin: Array
    hair: Array
    cloth: Array


def demo_look(model: FaceModel) -> Look:
    rng = np.random.default_rng(_PERSON)
    return Look((_SHAPE_SD * rng.standard_normal(model.n_identity)).astype(np.float32), _SKIN, _HAIR, _CLOTH)


class Actor:
    """A head with hair and a sweater, drawn frame by frame."""

    def __init__(self, model: FaceModel, look: Look | None = None) -> None:
        look = look or demo_look(model)
        self._model, self._identity = model, look.identity
        self._n = len(model.colors)
        self._none = np.zeros(model.n_expression, np.float32)
        resting = model.vertices(self._none, self._identity)
        self._hair = hairiness(model.anatomy, resting)
        # Hair has a distance from the skull, and forms strands.
        self._lift = lift(self._hair)[:, None]
        angle = np.arctan2(resting[:, 0], resting[:, 1] - 20)
        strand = 1 + 0.1 * np.sin(23 * angle + 2 * np.sin(resting[:, 2] / 30)) + 0.07 * np.sin(9 * angle + 1)
        amount = np.clip(self._hair * 1.4, 0, 1)[:, None]
        skin = np.isin(model.anatomy.part, (Part.FACE, Part.SHELL, Part.EARS, Part.LID_RIM))
        colors = model.colors * np.where(skin[:, None], look.skin, 1)
        dense = 0.75 * np.clip(model.traits.brows[:, :1], 0, 1) if model.traits.brows is not None else 0.0
        colors = colors * (1 - dense) + look.hair * dense
        colors = colors * (1 - amount) + look.hair * strand[:, None] * amount
        self._sweater, triangles = _sweater()
        cloth = np.tile(look.cloth, (len(self._sweater), 1))
        shine = model.anatomy.shine + 0.2 * amount[:, 0]
        self._surface = Surface(
            np.concatenate([model.triangles, triangles + self._n]),
            np.clip(np.concatenate([colors, cloth]), 0, 255).astype(np.uint8),
            np.concatenate([shine, np.full(len(cloth), 0.05)]).astype(np.float32),
        )
        self._cloth_normals = NormalOperator(triangles, len(cloth))(self._sweater)
        self._background = _background()

    def view(self, moment: Moment) -> WeakPerspective:
        """The camera's view of the head, whose neck stays in place."""
        turn = matrix_from_vector(moment.rotation)
        shift = _SCALE * (_PIVOT - turn @ _PIVOT)
        return WeakPerspective(moment.rotation, _SCALE, float(_ORIGIN[0] + shift[0]), float(_ORIGIN[1] - shift[1]))

    def draw(self, moment: Moment) -> Image:
        """The picture of a moment, BGR."""
        turn = matrix_from_vector(moment.rotation).astype(np.float32)
        vertices = self._model.vertices(self._none, self._identity, blendshapes=moment.blendshapes)
        normals = self._model.normals(vertices)
        vertices += self._lift * normals
        # The body stays in place, so in the frame of the turning head it turns the other way.
        body = self._sweater @ turn + _PIVOT.astype(np.float32)
        return render(
            self._surface,
            np.concatenate([vertices, body]).astype(np.float32),
            np.concatenate([normals, self._cloth_normals @ turn]),
            self.view(moment),
            SIZE,
            background=self._background,
        )


def make_demo_clip(model: FaceModel, out: Path, fps: float = 30.0, seconds: float = DURATION) -> list[Moment]:
    """Write the clip to `out` (MP4) and its content beside it (CSV); return the moments of its frames."""
    from tqdm import tqdm

    actor = Actor(model)
    moments = performance([i / fps for i in range(round(seconds * fps))], seconds)
    with whole(out) as partial, VideoWriter(partial, fps, _SMALL) as video:
        for moment in tqdm(moments, desc="demo clip", unit="frame"):
            video.write(actor.draw(moment), moment.time)
    _write_truth(moments, out.with_suffix(".csv"))
    return moments


def _write_truth(moments: list[Moment], path: Path) -> None:
    """frame, timestamp_s, rotation vector (rad), ARKit's actions (0..1) of the clip."""
    with path.open("w", encoding="utf-8", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["frame", "timestamp_s", "rx", "ry", "rz", *ARKIT])
        for i, m in enumerate(moments):
            numbers = [*m.rotation, *m.blendshapes]
            table.writerow([i, f"{m.time:.4f}", *(f"{float(v) + 0.0:.3g}" for v in numbers)])


def _sweater() -> tuple[Array, Array]:
    """Vertices (n, 3) mm from the pivot, and triangles."""
    from scipy.interpolate import CubicSpline

    rings = CubicSpline(np.arange(len(_SWEATER)), _SWEATER)(np.linspace(0, len(_SWEATER) - 1, 4 * len(_SWEATER)))
    angle = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    height, wide, deep, forward = (rings[:, k, None] for k in range(4))
    # Shoulders slope: the sides are lower than the front.
    slope = np.clip((wide - 66) / 150, 0, 1)
    x, z = wide * np.sin(angle), forward + deep * np.cos(angle)
    y = height - 10 * slope * np.sin(angle) ** 2 + 0 * x
    points = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    i = np.arange(len(points)).reshape(len(rings), _AROUND)
    a, b = i[:-1], i[1:]
    c, d = np.roll(b, -1, 1), np.roll(a, -1, 1)
    quads = [np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))]
    return points, np.concatenate(quads)


def _background() -> Image:
    """A dark studio wall with light on it behind the head."""
    w, h = SIZE
    x, y = np.meshgrid(np.linspace(-1, 1, w), np.linspace(-1, 1, h))
    glow = np.exp(-((x - 0.25) ** 2 / 0.9 + (y + 0.1) ** 2 / 0.8))[..., None]
    wall = np.array([44, 40, 38]) + glow * np.array([46, 42, 38])
    # A little noise prevents banding in the gradient.
    noise = np.random.default_rng(0).normal(0, 0.8, (h, w, 1))
    return cv2.GaussianBlur(np.clip(wall + noise, 0, 255).astype(np.uint8), (0, 0), 0.6)
