"""Heads drawn as the app draws them, without a window: the yardstick's pictures come from no renderer of the training.

Skin, light, background, glasses and what covers a face are drawn at random, the same for the same seed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np
from vispy import gloo

from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.app.view3d.visual import Finish, HeadVisual
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.strands import Strands
from expnet_live.pipeline.quality import FACE_MM
from expnet_live.render.shading import Light
from expnet_live.research.training.made.scene import rims

_LEAST = 176  # px: no picture is smaller, however small its face
_AROUND = 1.9  # sides of a picture in widths of its face
_DEEP = 300.0  # mm before and behind a head's middle that are drawn: 16 bits of depth tell .01 mm then
_FINEST = 2  # pixels drawn for one, where the face is small


class Person(Protocol):
    """Somebody who can be drawn. `unit` is what one mm of our face model is on this head."""

    @property
    def geometry(self) -> HeadGeometry: ...

    @property
    def unit(self) -> float: ...

    @property
    def eyes(self) -> tuple[Array, Array]:
        """The vertices of the right and of the left eyeball."""
        ...

    def posed(self, strengths: Array) -> tuple[Array, Array]:
        """Vertices (V, 3) mm and unit normals (V, 3) of the head that does ARKit's actions (52,)."""
        ...


@dataclass(frozen=True, eq=False)
class Room:
    """Where a person is: lights, the light from above and below, the `background` (square, BGR), and the camera's
    distance in mm. `glasses`: half width and half height of a rim (mm), thickness (of a face's width), and BGR."""

    lights: tuple[Light, Light, Light]
    sky: tuple[float, float, float]
    ground: tuple[float, float, float]
    background: Image
    distance: float
    glasses: tuple[float, float, float, tuple[int, int, int]]
    cover: tuple[float, float, tuple[int, int, int]]  # angle (rad), how far it reaches (0..1), BGR


def random_room(rng: np.random.Generator, scenes: Callable[[int], Image | None] | None = None) -> Room:
    """`scenes` gives a picture without people for a random number, or None."""

    def way(forward: float) -> tuple[float, float, float]:
        v = rng.normal(0, 1, 3)
        v[2] = abs(v[2]) + forward
        return (float(v[0]), float(v[1]), float(v[2]))

    def tint(strength: float) -> tuple[float, float, float]:
        r, g, b = np.exp(rng.normal(0, 0.08, 3)) * strength
        return (float(r), float(g), float(b))

    key = rng.uniform(0.35, 1.0)
    lights = (
        Light(way(0.6), tint(key), float(rng.uniform(0.3, 1.0))),
        Light(way(0.2), tint(rng.uniform(0.1, 0.4)), 0.35),
        Light((float(rng.normal()), 0.4, -0.6), tint(rng.uniform(0, 0.7)), 0.0),
    )
    ambient = 0.5 - 0.3 * key
    return Room(
        lights=lights,
        sky=tint(ambient),
        ground=tint(0.6 * ambient),
        background=_background(rng, scenes),
        distance=float(rng.uniform(450, 1400)),
        glasses=(
            float(rng.uniform(20, 25)), float(rng.uniform(14, 20)), float(rng.uniform(0.008, 0.025)),
            _gray(rng, 10, 100),
        ),
        cover=(float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.2, 0.34)), _gray(rng, 20, 220)),
    )  # fmt: skip


def _gray(rng: np.random.Generator, low: int, high: int) -> tuple[int, int, int]:
    b, g, r = np.clip(rng.integers(low, high) + rng.integers(-15, 16, 3), 0, 255)
    return int(b), int(g), int(r)


def _background(rng: np.random.Generator, scenes: Callable[[int], Image | None] | None) -> Image:
    """Plain, a gradient, soft noise, or a part of a scene, (256, 256, 3)."""
    size, kind = 256, rng.integers(4 if scenes is not None else 3)
    if kind == 3 and scenes is not None and (scene := scenes(int(rng.integers(1 << 30)))) is not None:
        side = min(scene.shape[:2])
        return np.asarray(cv2.resize(scene[:side, :side], (size, size), interpolation=cv2.INTER_AREA))
    a, b = rng.uniform(20, 235, (2, 3))
    if kind == 0:
        b = a
    picture = a + (b - a) * np.linspace(0, 1, size)[:, None, None] * np.ones((1, size, 1))
    if kind == 2:
        soft = cv2.resize(rng.normal(0, 30, (8, 8, 3)), (size, size), interpolation=cv2.INTER_CUBIC)
        picture = picture + soft
    return np.clip(np.rot90(picture, int(rng.integers(4))), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Shot:
    """How a moment is taken: the face's width in px, the head's turn (rotation vector, rad), what is before it."""

    width: float = 200.0
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shift: tuple[float, float] = (0.0, 0.0)  # of the face's width
    glasses: bool = False
    cover: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with where the head truly is in it."""

    image: Image
    view: WeakPerspective


class Studio:
    """Draws persons by OpenGL. Raises UserError where that cannot be."""

    def __init__(self) -> None:
        self._canvas = _canvas()
        self._targets: dict[int, gloo.FrameBuffer] = {}
        self._visual: HeadVisual | None = None
        self._person: Person | None = None

    def draw(self, person: Person, strengths: Array, room: Room, shot: Shot, rng: np.random.Generator) -> Picture:
        """The person doing ARKit's actions (52,), with the camera's noise."""
        size = max(_LEAST, round(_AROUND * shot.width))
        vertices, normals = person.posed(strengths)
        turn = matrix_from_vector(np.array(shot.rotation))
        scale = shot.width / (FACE_MM * person.unit)
        place = np.array([shot.shift[0], -shot.shift[1]]) * shot.width / scale
        finer = _FINEST if shot.width < 120 else 1
        drawn = self._drawn(person, vertices, normals, room, turn, place, scale, size, finer)
        background = cv2.resize(room.background, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        image = np.clip(drawn[..., :3] + background * (1 - drawn[..., 3:] / 255), 0, 255).astype(np.uint8)
        middle = np.array([size / 2 - 0.5, size / 2 - 0.5])

        def seen(points: Array) -> Array:
            p = points @ turn.T
            near = room.distance / (room.distance - p[:, 2:])
            return np.asarray(middle + scale * near * (p[:, :2] + place) * [1, -1])

        if shot.glasses:
            _put_on_glasses(image, person, vertices, room, seen, shot.width)
        if shot.cover:
            _cover(image, room, middle, shot.width)
        noise = rng.normal(0, 2.0, image.shape[:2])[..., None]
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
        at = middle + scale * place * [1, -1]
        view = WeakPerspective(np.array(shot.rotation), scale * person.unit, float(at[0]), float(at[1]))
        return Picture(image, view)

    def _drawn(
        self,
        person: Person,
        vertices: Array,
        normals: Array,
        room: Room,
        turn: Array,
        place: Array,
        scale: float,
        size: int,
        finer: int,
    ) -> Array:
        """BGRA (size, size, 4) float32, premultiplied."""
        self._canvas.set_current()
        if self._visual is None:
            self._visual = HeadVisual()
            self._visual.set_finish(Finish())
        if self._person is not person:
            self._visual.set_geometry(person.geometry)
            self._person = person
        visual = self._visual
        visual.set_mesh(vertices, normals)
        visual.set_lights(room.lights, room.sky, room.ground)
        to_eye, projection = np.eye(4, dtype=np.float32), np.zeros((4, 4), np.float32)
        to_eye[:3, :3], to_eye[:3, 3] = turn, [*place, -room.distance]
        projection[0, 0] = projection[1, 1] = 2 * scale * room.distance / size
        near, far = room.distance - _DEEP, room.distance + _DEEP
        projection[2, 2:] = (far + near) / (near - far), 2 * far * near / (near - far)
        projection[3, 2] = -1
        visual.place(to_eye, projection)
        pixels = size * finer
        target = self._target(pixels)
        with target:
            gloo.set_viewport(0, 0, pixels, pixels)
            gloo.set_state(depth_test=True, blend=False, clear_color=(0, 0, 0, 0))
            gloo.clear(color=True, depth=True)
            visual.draw()
            data = target.read("color")
        if finer > 1:
            data = cv2.resize(data, (size, size), interpolation=cv2.INTER_AREA)
        return np.asarray(data, np.float32)

    def _target(self, pixels: int) -> gloo.FrameBuffer:
        if pixels not in self._targets:
            shape = (pixels, pixels)
            self._targets[pixels] = gloo.FrameBuffer(
                gloo.RenderBuffer(shape, "color"), gloo.RenderBuffer(shape, "depth")
            )
        return self._targets[pixels]


def _canvas() -> Any:
    """An OpenGL context without a window, current where something is drawn. Raises UserError."""
    from vispy import app

    linux, before = sys.platform == "linux", os.environ.get("EGL_PLATFORM")
    if linux:
        os.environ["EGL_PLATFORM"] = "surfaceless"  # Mesa would look for a display
    try:
        backend = app.Application("egl" if linux else None)
        return app.Canvas(size=(8, 8), show=False, app=backend)
    except (RuntimeError, OSError, AttributeError) as e:
        raise UserError("Heads cannot be drawn here; install an OpenGL driver with EGL, such as Mesa.") from e
    finally:
        if linux and before is None:
            del os.environ["EGL_PLATFORM"]
        elif before is not None:
            os.environ["EGL_PLATFORM"] = before


def recolored(geometry: HeadGeometry, colors: Array, hair: bool) -> HeadGeometry:
    """Linear RGB `colors` (V, 3); without `hair`, a bald head."""
    none = np.zeros_like(geometry.hair)
    if hair:
        return replace(geometry, colors=colors.astype(np.float32))
    return replace(geometry, colors=colors.astype(np.float32), hair=none, locks=Strands.none())


def _put_on_glasses(
    image: Image, person: Person, vertices: Array, room: Room, seen: Callable[[Array], Array], width: float
) -> None:
    across, high, thick, color = room.glasses
    right, left = (seen(rim) for rim in rims(vertices, person.eyes, across, high, person.unit))
    pixels = max(1, round(thick * width))
    _lines(image, [right, left, np.stack([right[0], left[20]])], color, pixels)


def _lines(image: Image, lines: Sequence[Array], color: tuple[int, int, int], pixels: int) -> None:
    for line in lines:
        cv2.polylines(image, [np.round(line * 16).astype(np.int32)], False, color, pixels, cv2.LINE_AA, 4)


def _cover(image: Image, room: Room, middle: Array, width: float) -> None:
    """A round thing, such as a fist, before the rim of the face."""
    angle, reach, color = room.cover
    at = middle + 0.55 * width * np.array([np.cos(angle), np.sin(angle)])
    cv2.circle(image, tuple(np.round(at).astype(int).tolist()), round(reach * width), color, -1, cv2.LINE_AA)
