"""Lighting of skin, eyes and teeth: a key, a fill and a rim light, in linear colour.

Skin has a soft terminator (wrapped diffuse, wider in red than in blue, because light travels under
it); one number per vertex, its shine, determines how sharp and strong highlights are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from expnet_live.core.srgb import linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.meshes.subdivision import edges_of, trails_of
from expnet_live.render.rasterizer import Fragments, rasterize

SKIN_SHINE = 0.25
_WRAP = np.array([0.50, 0.36, 0.30], np.float32)  # R, G, B
_SKY, _GROUND = np.array([0.20, 0.22, 0.26], np.float32), np.array([0.13, 0.10, 0.09], np.float32)


@dataclass(frozen=True)
class Light:
    """Direction to the light in the camera frame (x right, y up, z to the viewer) and linear RGB."""

    direction: tuple[float, float, float]
    color: tuple[float, float, float]
    highlight: float = 1.0

    @cached_property
    def unit(self) -> Array:
        d: Array = np.array(self.direction, np.float32)
        return d / np.linalg.norm(d)

    @cached_property
    def linear(self) -> Array:
        """Its colour as a column (3, 1)."""
        return np.array(self.color, np.float32)[:, None]


KEY = Light((-0.48, 0.52, 0.76), (0.98, 0.93, 0.86))
FILL = Light((0.80, 0.10, 0.62), (0.22, 0.25, 0.30), 0.35)
RIM = Light((0.80, 0.40, -0.55), (0.85, 0.92, 1.05), 0.0)
STUDIO = (KEY, FILL, RIM)


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface to draw: triangles (F, 3), RGB albedo uint8 (V, 3) and shine (V,) from 0 (matte) to 1 (wet).

    `edges` (E, 2) are those of a wireframe, None for all edges; `marks` (468,) are the vertices at the
    points of the Face Mesh, None for the first 468. The first `skin` triangles hide most of the others, such as those
    of mouth and eyes; None for all.
    """

    triangles: Array
    colors: Array
    shine: Array | None = None
    edges: Array | None = None
    marks: Array | None = None
    skin: int | None = None

    @property
    def n_skin(self) -> int:
        return len(self.triangles) if self.skin is None else self.skin

    @cached_property
    def trails(self) -> tuple[Array, Array]:
        """The wireframe as few long lines: vertices (n,), and whether each is joined with the next (n - 1,)."""
        edges = edges_of(self.triangles)[0] if self.edges is None else self.edges
        lines = trails_of(edges)
        if not lines:
            return np.zeros(0, np.intp), np.zeros(0, bool)
        path = np.concatenate(lines)
        joined = np.ones(len(path), bool)
        joined[np.cumsum([len(line) for line in lines]) - 1] = False
        return path, joined[:-1]

    @cached_property
    def used(self) -> tuple[Array, Array]:
        """The vertices (n,) that triangles have, and the triangles (F, 3) that number only those."""
        vertices, triangles = np.unique(self.triangles, return_inverse=True)
        return vertices, triangles.reshape(-1, 3).astype(np.int32)

    @cached_property
    def albedo(self) -> Array:
        """Linear colours (3, n) of the vertices in `used`."""
        return np.ascontiguousarray(linear_from_srgb(self.colors[self.used[0]]).T)

    @cached_property
    def gloss(self) -> Array | None:
        """The gloss (2, n) of the vertices in `used`; None: they are matte."""
        return None if self.shine is None else gloss_of(self.shine[self.used[0]])


def rolled_off(values: Array) -> Array:
    """Compress linear light below 1: unchanged up to 0.75, with soft compression of highlights above."""
    v = np.asarray(values, np.float32)
    return np.where(v > 0.75, 1 - 0.25 * np.exp(-(v - 0.75) / 0.25), v)


def diffuse(normals: Array) -> Array:
    """Light falling on unit normals (M, 3) in the camera frame, linear RGB (M, 3)."""
    # One row for each coordinate and channel: numpy is slow at arrays whose last axis has length three.
    axes = _rows(normals)
    total = _GROUND[:, None] + (_SKY - _GROUND)[:, None] * (0.5 + 0.5 * axes[1])
    for light in STUDIO:
        lit = (_along(axes, light.unit) + _WRAP[:, None]) / (1 + _WRAP)[:, None]
        np.maximum(lit, 0, out=lit)
        lit *= lit
        lit *= light.linear
        total += lit
    return np.asarray(total.T)


def gloss_of(shine: Array) -> Array:
    """Exponent and strength (2, M) of highlights on surfaces of that shine (M,)."""
    return np.stack([2 ** (2.6 + 6.2 * shine), 0.55 * shine**2 * (1 + 24 * shine**10)])


def specular(normals: Array, gloss: Array) -> Array:
    """Highlights (M, 3) of unit normals (M, 3) and `gloss` (2, M) for a viewer at +z, by Blinn and Phong."""
    axes, (exponent, strength) = _rows(normals), gloss
    grazing = 0.5 + 0.5 * np.clip(1 - axes[2], 0, 1) ** 3
    total = np.zeros(axes.shape, np.float32)
    for light in STUDIO:
        if light.highlight:
            half: Array = light.unit + np.array([0, 0, 1], np.float32)
            half = half / np.linalg.norm(half)
            amount = strength * grazing * light.highlight * np.clip(_along(axes, half), 0, 1) ** exponent
            total += amount * light.linear
    return np.asarray(total.T)


def _rows(normals: Array) -> Array:
    """The coordinates (3, M) float32 of normals (M, 3)."""
    return np.ascontiguousarray(np.asarray(normals, np.float32).T)


def _along(axes: Array, direction: Array) -> Array:
    """Products (M,) of normals (3, M) and a direction (3,), without BLAS, whose threads wait for work by spinning."""
    x, y, z = direction
    return np.asarray(axes[0] * x + axes[1] * y + axes[2] * z)


def render(
    surface: Surface,
    vertices: Array,
    normals: Array,
    view: WeakPerspective,
    size: tuple[int, int],
    *,
    background: tuple[int, int, int] | Image | None = (52, 46, 42),
    supersample: int = 2,
) -> Image:
    """A picture of width x height = `size` pixels of vertices (V, 3) mm with unit normals (V, 3).

    Returns BGR uint8 (H, W, 3) before `background` (a BGR colour or a picture of that size), or
    BGRA with straight alpha if it is None.
    """
    width, height = size
    s = supersample
    points = view.project(vertices)
    points[:, :2] = points[:, :2] * s + (s - 1) / 2
    points[:, 2] *= s
    fragments = rasterize(points, surface.triangles, width * s, height * s)
    color = _shaded(surface, fragments, normals, view, (width * s, height * s), view.scale * s)

    canvas = np.zeros((height * s * width * s, 4), np.float32)
    canvas[fragments.pixel, :3] = color
    canvas[fragments.pixel, 3] = 1
    small = cv2.resize(canvas.reshape(height * s, width * s, 4), size, interpolation=cv2.INTER_AREA)
    rgb, alpha = small[:, :, :3], small[:, :, 3:]
    if background is None:
        straight = srgb_from_linear(rgb / np.maximum(alpha, 1e-6))
        return np.dstack([straight[:, :, ::-1], np.round(alpha * 255).astype(np.uint8)])
    behind = linear_from_srgb(np.asarray(background, np.uint8))[..., ::-1]
    return np.ascontiguousarray(srgb_from_linear(rgb + (1 - alpha) * behind)[:, :, ::-1])


def _shaded(
    surface: Surface,
    fragments: Fragments,
    normals: Array,
    view: WeakPerspective,
    size: tuple[int, int],
    px_per_mm: float,
) -> Array:
    turned = np.asarray(normals, np.float32) @ matrix_from_vector(view.rotation).T.astype(np.float32)
    n_vertices = len(turned)
    shine = np.full(n_vertices, SKIN_SHINE, np.float32) if surface.shine is None else surface.shine
    # Diffuse light is smooth enough to be computed at the vertices; highlights are not.
    packed = np.hstack([turned, linear_from_srgb(surface.colors), diffuse(turned), shine[:, None]])
    values = fragments.interpolate(surface.triangles, packed)
    n = values[:, :3] / np.maximum(np.linalg.norm(values[:, :3], axis=1, keepdims=True), 1e-6)
    albedo, light = values[:, 3:6], values[:, 6:9]
    # Unlike skin, teeth, lashes and eyes do not scatter light inside; reddish points are skin.
    skin = np.clip(4 * (albedo[:, :1] - albedo[:, 2:]), 0, 1)
    light = light + skin * (_scattered(light, skin[:, 0], fragments, size, px_per_mm) - light)
    light = light * _openness(fragments, n[:, 2], size, px_per_mm)
    return rolled_off(albedo * light + specular(n, gloss_of(values[:, 9])))


def _blurred(
    values: Array, fragments: Fragments, size: tuple[int, int], sigma: float, weights: Array | None = None
) -> tuple[Array, Array]:
    """Values (M,) blurred over the covered pixels by a Gaussian of sigma pixels, and the share of covered pixels (M,).

    `weights` (M,) in 0..1 say how much each pixel contributes to others.
    """
    width, height = size
    pair = np.zeros((width * height, 2), np.float32)
    pair[fragments.pixel, 0] = values if weights is None else values * weights
    pair[fragments.pixel, 1] = 1 if weights is None else weights
    # Wide blurs are smooth: computing them at half or a quarter of the resolution makes no visible difference.
    shrink = 1 if sigma < 4 else 2 if sigma < 12 else 4
    picture = pair.reshape(height, width, 2)
    if shrink > 1:
        picture = cv2.resize(picture, (-(-width // shrink), -(-height // shrink)), interpolation=cv2.INTER_AREA)
    picture = cv2.GaussianBlur(picture, (0, 0), sigma / shrink)
    if shrink > 1:
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    flat = picture.reshape(-1, 2)[fragments.pixel]
    covered = np.maximum(flat[:, 1], 1e-3)
    return flat[:, 0] / covered, covered


def _scattered(light: Array, skin: Array, fragments: Fragments, size: tuple[int, int], px_per_mm: float) -> Array:
    """Spread light under the skin: red (1.2 mm) further than green (0.5 mm), blue not at all."""
    out = light.copy()
    for channel, mm in ((0, 1.2), (1, 0.5)):
        out[:, channel] = _blurred(light[:, channel], fragments, size, max(mm * px_per_mm, 0.3), skin)[0]
    return out


def _openness(fragments: Fragments, facing: Array, size: tuple[int, int], px_per_mm: float) -> Array:
    """Ambient occlusion of each pixel, (M, 3), from the depth picture alone: less light in hollows.

    `facing` (M,) is the normals' z: depth says little about surfaces seen at a slant.
    """
    shade = np.zeros(len(fragments.pixel), np.float32)
    for radius, weight in ((4.0, 0.35), (12.0, 0.35)):  # mm
        around, covered = _blurred(fragments.depth, fragments, size, radius * px_per_mm)
        # The background counts as a surface one radius behind.
        hollow = covered * (around - fragments.depth) / (radius * px_per_mm) - (1 - covered)
        shade += weight * np.clip(hollow, 0, 1)
    shade *= np.clip(1.5 * facing, 0, 1)
    # Light in hollows of the skin has bounced off skin, so it is warm.
    return 1 - np.clip(shade, 0, 0.7)[:, None] * np.array([0.85, 1.0, 1.05], np.float32)
