"""Draws an avatar over a picture, with its textures, on the CPU: for the virtual camera and for videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from expnet_live.avatars.avatar import Avatar, Posed, posed
from expnet_live.avatars.materials import turn_of
from expnet_live.avatars.model import Alpha, Material
from expnet_live.avatars.swinging import Swings
from expnet_live.avatars.textures import all_decoded
from expnet_live.core.srgb import linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array, Image, Pose
from expnet_live.geometry.camera import Camera, WeakPerspective
from expnet_live.render.rasterizer import Fragments, rasterize
from expnet_live.render.shading import KEY, diffuse, rolled_off

_MOST_PIXELS = 512  # px of a texture's side: a face in a video has no more


@dataclass(frozen=True, eq=False)
class _Layer:
    """Triangles (F, 3), the material of each, (F,), and which ones show a surface from behind, (F,). Some `mix` with
    what is there, some `hide` what comes later."""

    triangles: Array
    material: Array
    behind: Array
    mix: bool
    hide: bool


class AvatarPainter:
    """Draws one avatar; `finely` at twice the picture's resolution, else at the picture's own."""

    def __init__(self, avatar: Avatar, *, finely: bool = True) -> None:
        file = avatar.file
        self.avatar, self._scale = avatar, 2 if finely else 1
        self._materials = file.materials
        self._uv = np.concatenate([b.uv for b in file.blocks])
        plain = [np.ones((len(b.positions), 4), np.float32) if b.colors is None else b.colors for b in file.blocks]
        self._colors = np.concatenate(plain)
        self._textures = all_decoded({n: file.images[n] for m in file.materials for n in m.pictures}, _MOST_PIXELS)
        self._changed: Mapping[int, Material] = {}
        self._layers = self._all_layers()

    def _all_layers(self) -> list[_Layer]:
        """What is opaque, and then each other material by itself: only the nearest pixels of a layer are drawn, and
        they may be transparent."""
        used = sorted({piece.material for piece in self.avatar.file.pieces})
        opaque = [n for n in used if self._materials[n].alpha is Alpha.OPAQUE]
        front = dict.fromkeys(used, 0.0)
        for piece in self.avatar.file.pieces:
            rows = piece.triangles + self.avatar.starts[piece.block]
            front[piece.material] = float(self.avatar.rest[rows, 2].mean()) if len(rows) else 0.0
        others = sorted(set(used) - set(opaque), key=lambda n: turn_of(self._materials[n], front[n]))
        return [layer for some in (opaque, *([n] for n in others)) if len((layer := self._layer(some)).triangles)]

    def _layer(self, numbers: Sequence[int]) -> _Layer:
        triangles, materials = [np.zeros((0, 3), np.int64)], [np.zeros(0, np.int64)]
        behind = [np.zeros(0, bool)]
        for piece in self.avatar.file.pieces:
            material = self._materials[piece.material]
            if piece.material in numbers:
                mine = piece.triangles.astype(np.int64) + self.avatar.starts[piece.block]
                sides = [mine, mine[:, ::-1]] if material.double_sided else [mine]
                triangles += sides
                materials += [np.full(len(side), piece.material) for side in sides]
                behind += [np.full(len(mine), i == 1) for i in range(len(sides))]
        mix = any(self._materials[n].alpha is Alpha.BLEND for n in numbers)
        hide = not mix or self._materials[numbers[0]].solid
        return _Layer(np.concatenate(triangles), np.concatenate(materials), np.concatenate(behind), mix, hide)

    def draw(self, image: Image, drawn: Posed, measured: Pose) -> Image:
        """A copy of `image` (H, W, 3) BGR with the avatar where its face was measured."""
        out, height, width = image.copy(), image.shape[0], image.shape[1]
        points = view_of(Camera.for_image(width, height), drawn.pose, measured).project(drawn.vertices)
        low = np.maximum(np.floor(points[:, :2].min(0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(points[:, :2].max(0)).astype(int) + 2, (width, height))
        if (high <= low).any():
            return out
        roi = out[low[1] : high[1], low[0] : high[0]]
        scale = self._scale
        # In pixels of the drawing, whose outer edges are those of the region.
        points = points * scale
        points[:, :2] += (scale - 1) / 2 - scale * low
        self._changed = drawn.materials
        color, cover = self._painted(points, drawn.normals, scale * roi.shape[1], scale * roi.shape[0])
        if scale > 1:
            color, cover = (cv2.resize(a, roi.shape[1::-1], interpolation=cv2.INTER_AREA) for a in (color, cover))
        roi[:] = np.clip(roi * (1 - cover[..., None]) + color + 0.5, 0, 255).astype(np.uint8)
        return out

    def _painted(self, points: Array, normals: Array, width: int, height: int) -> tuple[Array, Array]:
        """Premultiplied sRGB (H, W, 3) as BGR, and opacity (H, W), float32."""
        n = width * height
        color, cover = np.zeros((n, 3), np.float32), np.zeros(n, np.float32)
        depth = np.full(n, -np.inf, np.float32)
        facing = (normals @ KEY.unit)[:, None]
        values = np.hstack([self._uv, diffuse(normals), facing, self._colors, diffuse(-normals)]).astype(np.float32)
        for layer in self._layers:
            seen = rasterize(points, layer.triangles, width, height)
            shown, opacity = self._shaded(seen, layer, values)
            kept = (seen.depth > depth[seen.pixel]) & (opacity > 0)
            pixel = seen.pixel[kept]
            share = opacity[kept] if layer.mix else np.ones(len(pixel), np.float32)
            if layer.hide:
                depth[pixel] = seen.depth[kept]
            color[pixel] = color[pixel] * (1 - share[:, None]) + shown[kept] * share[:, None]
            cover[pixel] = cover[pixel] * (1 - share) + share
        return color.reshape(height, width, 3)[..., ::-1], cover.reshape(height, width)

    def _shaded(self, seen: Fragments, layer: _Layer, values: Array) -> tuple[Array, Array]:
        """sRGB (M, 3) 0..255 and opacity (M,) of the visible pixels; masked ones have 0."""
        mixed = seen.interpolate(layer.triangles, values)
        materials, behind = layer.material[seen.triangle], layer.behind[seen.triangle]
        mixed[behind, 2:5] = mixed[behind, 10:13]
        mixed[behind, 5] *= -1
        linear, opacity = np.zeros((len(mixed), 3), np.float32), np.ones(len(mixed), np.float32)
        for number in np.unique(materials):
            rows = np.flatnonzero(materials == number)
            material = self._changed.get(int(number), self._materials[number])
            linear[rows], opacity[rows] = self._lit(material, mixed[rows])
        return srgb_from_linear(linear).astype(np.float32), opacity

    def _lit(self, material: Material, mixed: Array) -> tuple[Array, Array]:
        base = np.array(material.color, np.float32) * mixed[:, 6:10]
        base = base * self._texels(material.texture, material, mixed)
        color, opacity = base[:, :3], np.clip(base[:, 3], 0, 1)
        if material.shade is not None:
            low, high = -1 + material.toony - material.shift, 1 - material.toony - material.shift
            low, high = min(low, high) - 1e-3, max(low, high) + 1e-3
            lit = np.clip((mixed[:, 5:6] - low) / (high - low), 0, 1)
            shade = np.minimum(np.array(material.shade) / np.maximum(material.color[:3], 1e-3), 1)
            color = color * (shade + (1 - shade) * lit * lit * (3 - 2 * lit)).astype(np.float32)
        elif not material.unlit:
            color = rolled_off(color * mixed[:, 2:5])
        if material.alpha is Alpha.MASK:
            opacity = (opacity >= material.cutoff).astype(np.float32)
        elif material.alpha is Alpha.OPAQUE:
            opacity = np.ones_like(opacity)
        glow = np.array(material.glow, np.float32) * self._texels(material.glow_texture, material, mixed)[:, :3]
        return color + glow, opacity

    def _texels(self, number: int | None, material: Material, mixed: Array) -> Array:
        """The linear RGB and opacity of an image where a material shows it, (n, 4) or (1, 4); ones without an image."""
        pixels = None if number is None else self._textures.get(number)
        if pixels is None:
            return np.ones((1, 4), np.float32)
        texels = _between(pixels, mixed[:, :2] * material.place[:2] + material.place[2:])
        return np.hstack([linear_from_srgb(np.rint(texels[:, :3]).astype(np.uint8)), texels[:, 3:] / 255])


class AvatarOverlay:
    """As FaceOverlay, but an avatar takes the face's place."""

    def __init__(self, avatar: Avatar, *, quickly: bool = False, swing: bool = True) -> None:
        self._painter = AvatarPainter(avatar, finely=not quickly)
        self._swings = Swings(swing)

    def draw(
        self,
        image: Image,
        view: WeakPerspective,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
        time: float = 0.0,
        face: int = 0,
    ) -> Image:
        """A copy of `image` with the avatar over the face; its state as in Head.vertices. Its hair swings from one
        picture to the next, by their times in s."""
        pose = Camera.for_image(image.shape[1], image.shape[0]).pose(view)
        avatar = self._painter.avatar
        drawn = posed(
            avatar, expression, identity, gaze, blendshapes, pose, swings=self._swings, time=time, face=face
        )  # fmt: skip
        return self._painter.draw(image, drawn, pose)


def view_of(camera: Camera, drawn: Pose, measured: Pose) -> WeakPerspective:
    """Where to draw what is left of a `measured` pose: as large as the head was measured."""
    view = camera.view(measured)
    right, up, _ = (measured.translation - drawn.translation) * view.scale
    return WeakPerspective(drawn.rotation, view.scale, view.x - float(right), view.y + float(up))


def _between(pixels: Array, uv: Array) -> Array:
    """Pixels (M, 4) float32 at repeating texture coordinates (M, 2), linear between neighbours."""
    height, width = pixels.shape[:2]
    at = ((uv - np.floor(uv)) * (width, height) - 0.5).astype(np.float32)
    # OpenCV takes maps of no more than 32,767 columns.
    side = 4096
    rows = -(-len(at) // side)
    padded = np.zeros((rows * side, 2), np.float32)
    padded[: len(at)] = at
    x, y = padded[:, 0].reshape(rows, side), padded[:, 1].reshape(rows, side)
    found = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(-1, 4)[: len(at)].astype(np.float32)
