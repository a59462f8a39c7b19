"""The scene of a synthetic picture: a posed and coloured mesh before a background, and its camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.crop import CROP_MM
from expnet_live.research.training.crops import WIDE_SIZE, WIDER

DULL, SKIN, WET = 0.3, 0.6, 0.9  # shine of a surface
# Placement of the head in the stored crop of a face: pixels per mm, and the centre.
FRAME_SCALE = WIDE_SIZE / (CROP_MM * WIDER)
FRAME_MIDDLE = np.full(2, (WIDE_SIZE - 1) / 2, np.float32)
# Shares of heads that face the camera, and that are turned evenly up to the farthest yaw (rad).
_FRONTAL, _TURNED, _FARTHEST = 0.2, 0.35, 0.85


@dataclass(frozen=True, eq=False)
class Coat:
    """The colours of V vertices: `colors` (V, 4), BGR and shine in 0..1.

    The `share` (V,) of a colour comes from `photo` at the pixels `at` (V, 2), where there is a photo.
    """

    colors: Array
    photo: Image | None = None
    at: Array | None = None
    share: Array | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """`seen` (V, 3): x and y in pixels of the picture, z in mm towards the viewer; `normals` (V, 3) as the camera sees
    them. `gain` (V,) multiplies a vertex's colour; `lit` asks for random lamps. `points` (468, 2) px are the Face
    Mesh's; `rims` are outlines (n, 2) px of glasses, the right eye's first. `rotation`, `scale`, `origin` and
    `identity` are the label's."""

    seen: Array
    normals: Array
    coat: Coat
    background: Image
    points: Array
    rotation: Array
    scale: float
    origin: Array
    gain: Array | None = None
    lit: bool = True
    rims: list[Array] = field(default_factory=list)
    identity: Array | None = None


@dataclass(frozen=True, eq=False)
class Face:
    """A photo of a neutral face from the shelf: its `strengths` (52,), Face Mesh `points` (468, 2) px, pose and
    identity."""

    photo: Image
    points: Array
    strengths: Array
    view: WeakPerspective
    identity: Array


class Actor(Protocol):
    """A performer in synthetic pictures."""

    @property
    def triangles(self) -> Array:
        """(F, 3) int32."""
        ...

    @property
    def n_vertices(self) -> int: ...

    def change(self, rng: np.random.Generator) -> None:
        """Become another person."""
        ...

    def play(self, strengths: Array, rng: np.random.Generator) -> Scene:
        """Perform ARKit's actions (52,) before a camera."""
        ...


@dataclass(frozen=True)
class Camera:
    """A random camera before a head whose `unit` is one mm of our face model."""

    turn: Rotation
    x: float
    y: float
    scale: float
    near: float

    @classmethod
    def random(cls, unit: float, rng: np.random.Generator) -> Camera:
        yaw, pitch, roll = rng.normal(0, 0.3), rng.normal(0.03, 0.16), rng.normal(0, 0.05)
        kind = rng.random()
        if kind < _FRONTAL:
            yaw = pitch = 0.0
        elif kind < _FRONTAL + _TURNED:
            yaw = rng.uniform(-_FARTHEST, _FARTHEST)
        turn = Rotation.from_euler("ZYX", [roll, float(np.clip(yaw, -_FARTHEST, _FARTHEST)), pitch])
        scale = 2 / (CROP_MM * WIDER * unit) * float(np.exp(rng.normal(0, 0.03)))
        x, y = rng.normal(0, 0.02, 2)
        return cls(turn, float(x), float(y), scale, float(1 / rng.uniform(450, 1500)))

    def seen(self, points: Array) -> Array:
        """Project points (n, 3) mm: (n, 3), x and y in pixels, z in mm towards the viewer."""
        p = self.turn.apply(points)
        xy = np.array([self.x, self.y]) + p[:, :2] * (self.scale / (1 - p[:, 2:] * self.near))
        return np.concatenate([(xy * [1, -1] + 1) / 2 * WIDE_SIZE - 0.5, p[:, 2:]], axis=1)

    @property
    def rotation(self) -> Array:
        return self.turn.as_rotvec().astype(np.float32)


def glasses(vertices: Array, eyes: list[Array], rng: np.random.Generator) -> list[Array]:
    """Rims (40, 3) mm before both eyes, whose vertices are named."""
    across, high = rng.uniform(19, 26), rng.uniform(13, 20)
    return rims(vertices, eyes, across, high)


def rims(vertices: Array, eyes: Sequence[Array], across: float, high: float, unit: float = 1.0) -> list[Array]:
    """Ellipses (40, 3) before both eyes, with these half axes; `unit` is a mm of our face model in these vertices."""
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([across * np.cos(angle), high * np.sin(angle), -2 * np.abs(np.cos(angle))], 1)
    before = (np.array([0, -3, 20]) + ring) * unit
    return [(vertices[e].min(0) + vertices[e].max(0)) / 2 + before for e in eyes]
