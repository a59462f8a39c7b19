"""Drawing made heads by OpenGL without a window, with random light, camera and glasses."""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Image
from expnet_live.geometry.normals import NormalOperator
from expnet_live.pipeline.crop import CROP_MM
from expnet_live.research.training.crops import WIDE_SIZE, WIDER
from expnet_live.research.training.made.ict import EYES, Performer

_FINER = 2  # pixels drawn for one
_VERTEX = """#version 330
in vec3 position; in vec3 normal; in vec4 color;
uniform mat3 turn; uniform vec3 place; uniform float near;
out vec3 n; out vec4 c;
void main() {
    vec3 p = turn * position;
    float f = place.z / (1.0 - p.z * near);
    n = turn * normal; c = color;
    gl_Position = vec4(place.xy + p.xy * f, -p.z / 400.0, 1.0);
}"""
_FRAGMENT = """#version 330
in vec3 n; in vec4 c; out vec4 result;
uniform vec3 key, fill, key_color, fill_color, ambient; uniform float gloss;
void main() {
    vec3 m = normalize(n);
    if (m.z < 0.0) m = -0.6 * m;
    float a = max(0.0, (dot(m, key) + 0.25) / 1.25), b = max(0.0, (dot(m, fill) + 0.25) / 1.25);
    float shine = c.a > 0.75 ? 3.0 : (c.a > 0.5 ? 1.0 : 0.0);
    float s = pow(max(0.0, dot(m, normalize(key + vec3(0, 0, 1)))), 18.0) * gloss * shine;
    result = vec4(min(c.rgb * (ambient + a * key_color + b * fill_color) + s, vec3(1.0)), 1.0);
}"""


class Studio:
    """Draws one performer's heads into pictures of WIDE_SIZE px, framed as training.crops frames faces."""

    def __init__(self, head: Performer) -> None:
        try:
            import moderngl
        except ImportError as e:
            raise UserError("Drawing heads needs the package moderngl; install it with 'pip install moderngl'.") from e

        self._head, self._normals = head, NormalOperator(head.triangles, head.n_vertices)
        create: Any = moderngl.create_context  # its annotations leave out what backends take
        context = create(standalone=True, backend="egl") if sys.platform == "linux" else create(standalone=True)
        context.enable(moderngl.DEPTH_TEST)
        self._program: Any = context.program(_VERTEX, _FRAGMENT)
        self._vertices: Any = context.buffer(reserve=head.n_vertices * 10 * 4)
        layout = [(self._vertices, "3f 3f 4f", "position", "normal", "color")]
        self._mesh: Any = context.vertex_array(self._program, layout, context.buffer(head.triangles.tobytes()))
        size = (WIDE_SIZE * _FINER, WIDE_SIZE * _FINER)
        self._target: Any = context.framebuffer(context.renderbuffer(size, 4), context.depth_renderbuffer(size))

    def draw(
        self, vertices: Array, colors: Array, background: Image, glasses: bool, rng: np.random.Generator
    ) -> tuple[Image, Array, Array]:
        """The picture (208, 208, 3), the Face Mesh's points (468, 2) in it, and the head's rotation vector (3,)."""
        yaw, pitch, roll = rng.normal(0, 0.3), rng.normal(0.03, 0.16), rng.normal(0, 0.05)
        if rng.random() < 0.25:
            yaw = pitch = 0.0
        turn = Rotation.from_euler("ZYX", [roll, float(np.clip(yaw, -0.85, 0.85)), pitch])
        scale = 2 / (CROP_MM * WIDER * self._head.unit) * np.exp(rng.normal(0, 0.03))
        place, near = np.array([*rng.normal(0, 0.02, 2), scale]), 1 / rng.uniform(450, 1500)

        def seen(points: Array) -> Array:
            p = turn.apply(points)
            xy = place[:2] + p[:, :2] * (scale / (1 - p[:, 2:] * near))
            return np.asarray((xy * [1, -1] + 1) / 2 * WIDE_SIZE - 0.5)

        data = np.concatenate([vertices, self._normals(vertices), colors], 1)
        self._vertices.write(data.astype("f4").tobytes())
        self._program["turn"].write(turn.as_matrix().T.astype("f4").tobytes())
        self._program["place"].value, self._program["near"].value = tuple(place), near
        self._light(rng)
        self._target.use()
        self._target.clear(0, 0, 0, 0)
        self._mesh.render()
        size = WIDE_SIZE * _FINER
        pixels = np.frombuffer(self._target.read(components=4), np.uint8).reshape(size, size, 4)[::-1]
        small = cv2.resize(pixels, (WIDE_SIZE, WIDE_SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
        picture = small[..., :3] + background * (1 - small[..., 3:] / 255)
        image = np.clip(picture, 0, 255).astype(np.uint8)
        if glasses:
            self._put_on_glasses(image, vertices, seen, rng)
        return image, seen(vertices[self._head.base]).astype(np.float32), turn.as_rotvec().astype(np.float32)

    def _light(self, rng: np.random.Generator) -> None:
        def way(forward: float) -> tuple[float, ...]:
            v = rng.normal(0, 1, 3)
            v[2] = abs(v[2]) + forward
            return tuple(v / np.linalg.norm(v))

        def tint(strength: float) -> tuple[float, ...]:
            return tuple(np.exp(rng.normal(0, 0.08, 3)) * strength)

        strength = rng.uniform(0.15, 0.8)
        values = {
            "key": way(0.4), "fill": way(0.0), "key_color": tint(strength), "fill_color": tint(rng.uniform(0, 0.3)),
            "ambient": tint(rng.uniform(0.85, 1.05) - 0.75 * strength), "gloss": float(rng.uniform(0, 0.12)),
        }  # fmt: skip
        for name, value in values.items():
            self._program[name].value = value

    def _put_on_glasses(self, image: Image, vertices: Array, seen: Any, rng: np.random.Generator) -> None:
        color, width = tuple(int(c) for c in rng.integers(0, 90, 3)), int(rng.integers(1, 4))
        across, high = rng.uniform(19, 26), rng.uniform(13, 20)
        angle = np.linspace(0, 2 * np.pi, 40)
        ring = np.stack([across * np.cos(angle), high * np.sin(angle), -2 * np.abs(np.cos(angle))], 1)
        rims = []
        for eye in EYES.values():
            middle = (vertices[eye].min(0) + vertices[eye].max(0)) / 2 + np.array([0, -3, 20])
            rims.append(seen(middle + ring))
            cv2.polylines(image, [np.round(rims[-1] * 16).astype(np.int32)], True, color, width, cv2.LINE_AA, 4)
        left, right = (tuple(int(v) for v in np.round(p)) for p in (rims[0][20], rims[1][0]))
        cv2.line(image, left, right, color, width, cv2.LINE_AA)
