"""Draws synthetic scenes with off-screen OpenGL, with random light."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.types import Array, Image
from expnet_live.research.training.crops import WIDE_SIZE
from expnet_live.research.training.made.scene import Actor, Scene

_FINER = 2  # drawn pixels per picture pixel
_DEEP = 400.0  # mm in front of and behind the head that are drawn
_VERTEX = """#version 330
in vec3 place; in vec3 normal; in vec4 color; in vec4 coat;
out vec3 n; out vec4 c; out vec4 t;
void main() { n = normal; c = color; t = coat; gl_Position = vec4(place, 1.0); }"""
_FRAGMENT = """#version 330
in vec3 n; in vec4 c; in vec4 t; out vec4 result;
uniform sampler2D photo;
uniform vec3 key, fill, key_color, fill_color, ambient; uniform float gloss, bands;
void main() {
    vec3 m = normalize(n);
    if (m.z < 0.0) m = -0.6 * m;
    float a = max(0.0, (dot(m, key) + 0.25) / 1.25), b = max(0.0, (dot(m, fill) + 0.25) / 1.25);
    if (bands > 0.0) a = floor(a * bands + 0.5) / bands;
    float shine = c.a > 0.75 ? 3.0 : (c.a > 0.5 ? 1.0 : 0.0);
    float s = pow(max(0.0, dot(m, normalize(key + vec3(0, 0, 1)))), 18.0) * gloss * shine;
    vec3 own = mix(c.rgb, texture(photo, t.xy).rgb, t.z) * t.w;
    result = vec4(min(own * (ambient + a * key_color + b * fill_color) + s, vec3(1.0)), 1.0);
}"""
_PLAIN = {
    "key": (0.0, 0.0, 1.0), "fill": (0.0, 0.0, 1.0), "key_color": (0.0,) * 3, "fill_color": (0.0,) * 3,
    "ambient": (1.0,) * 3, "gloss": 0.0, "bands": 0.0,
}  # fmt: skip
_BANDED = 0.04  # share of pictures with stepped light as in cartoons


@dataclass(frozen=True)
class _Mesh:
    vertices: Any
    array: Any


class Studio:
    """Draws scenes into pictures of WIDE_SIZE px, framed as training.crops frames faces."""

    def __init__(self) -> None:
        try:
            import moderngl
        except ImportError as e:
            raise UserError(f"Drawing heads needs moderngl; install it: {install('moderngl')}") from e

        create: Any = moderngl.create_context  # its annotations omit the arguments of backends
        self._context: Any = (
            create(standalone=True, backend="egl") if sys.platform == "linux" else create(standalone=True)
        )
        weakref.finalize(self, self._context.release)
        # Current only while something is done: a window could not make its own context current beside it.
        with self._context:
            self._context.enable(moderngl.DEPTH_TEST)
            self._program: Any = self._context.program(_VERTEX, _FRAGMENT)
            size = (WIDE_SIZE * _FINER, WIDE_SIZE * _FINER)
            self._target: Any = self._context.framebuffer(
                self._context.renderbuffer(size, 4), self._context.depth_renderbuffer(size)
            )
            self._texture: Any = self._context.texture((WIDE_SIZE, WIDE_SIZE), 3)
            self._texture.repeat_x = self._texture.repeat_y = False
        self._meshes: dict[int, _Mesh] = {}

    def draw(self, actor: Actor, scene: Scene, rng: np.random.Generator) -> Image:
        """The picture (208, 208, 3) of a scene that this actor plays."""
        with self._context:
            pixels = self._pixels(actor, scene, rng)
        small = cv2.resize(pixels, (WIDE_SIZE, WIDE_SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
        picture = small[..., :3] + scene.background * (1 - small[..., 3:] / 255)
        image = np.clip(picture, 0, 255).astype(np.uint8)
        if scene.rims:
            _put_on_glasses(image, scene.rims, rng)
        return image

    def _pixels(self, actor: Actor, scene: Scene, rng: np.random.Generator) -> Image:
        """The head alone, RGBA (416, 416, 4)."""
        mesh, n = self._mesh(actor), actor.n_vertices
        coat, look = scene.coat, np.zeros((n, 4), np.float32)
        look[:, 3] = 1.0 if scene.gain is None else scene.gain
        if coat.photo is not None and coat.at is not None and coat.share is not None:
            self._texture.write(np.ascontiguousarray(coat.photo).tobytes())
            look[:, :2], look[:, 2] = (coat.at + 0.5) / WIDE_SIZE, coat.share
        self._texture.use(0)
        place = scene.seen * [2 / WIDE_SIZE, -2 / WIDE_SIZE, -1 / _DEEP] + [1 / WIDE_SIZE - 1, 1 - 1 / WIDE_SIZE, 0]
        data = np.concatenate([place, scene.normals, coat.colors, look], axis=1)
        mesh.vertices.write(data.astype("f4").tobytes())
        for name, value in (_lamps(rng) if scene.lit else _PLAIN).items():
            self._program[name].value = value
        self._target.use()
        self._target.clear(0, 0, 0, 0)
        mesh.array.render()
        size = WIDE_SIZE * _FINER
        return np.frombuffer(self._target.read(components=4), np.uint8).reshape(size, size, 4)[::-1]

    def _mesh(self, actor: Actor) -> _Mesh:
        if id(actor) not in self._meshes:
            vertices = self._context.buffer(reserve=actor.n_vertices * 14 * 4)
            layout = [(vertices, "3f 3f 4f 4f", "place", "normal", "color", "coat")]
            triangles = self._context.buffer(np.ascontiguousarray(actor.triangles, np.int32).tobytes())
            self._meshes[id(actor)] = _Mesh(vertices, self._context.vertex_array(self._program, layout, triangles))
        return self._meshes[id(actor)]


def _lamps(rng: np.random.Generator) -> dict[str, Any]:
    def way(forward: float) -> tuple[float, ...]:
        v = rng.normal(0, 1, 3)
        v[2] = abs(v[2]) + forward
        return tuple(v / np.linalg.norm(v))

    def tint(strength: float) -> tuple[float, ...]:
        return tuple(np.exp(rng.normal(0, 0.08, 3)) * strength)

    strength = rng.uniform(0.15, 0.8)
    return {
        "key": way(0.4), "fill": way(0.0), "key_color": tint(strength), "fill_color": tint(rng.uniform(0, 0.3)),
        "ambient": tint(rng.uniform(0.85, 1.05) - 0.75 * strength), "gloss": float(rng.uniform(0, 0.12)),
        "bands": float(rng.integers(2, 5)) if rng.random() < _BANDED else 0.0,
    }  # fmt: skip


def _put_on_glasses(image: Image, rims: list[Array], rng: np.random.Generator) -> None:
    color, width = tuple(int(c) for c in rng.integers(0, 90, 3)), int(rng.integers(1, 4))
    for rim in rims:
        cv2.polylines(image, [np.round(rim * 16).astype(np.int32)], True, color, width, cv2.LINE_AA, 4)
    left, right = (tuple(int(v) for v in np.round(p)) for p in (rims[0][0], rims[1][20]))
    cv2.line(image, left, right, color, width, cv2.LINE_AA)
