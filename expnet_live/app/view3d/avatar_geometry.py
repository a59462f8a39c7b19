"""The constant part of a drawn avatar: its triangles by material, texture coordinates and textures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from expnet_live.app.view3d.geometry import along_a_curve
from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.materials import turn_of
from expnet_live.avatars.model import Material
from expnet_live.avatars.textures import all_decoded
from expnet_live.core.types import Array
from expnet_live.meshes.indices import index_type
from expnet_live.meshes.subdivision import edges_of

_MOST_PIXELS = 1024  # px of a texture's side: more than that is finer than the screen, and would flicker
_POINTS = 2048  # of the avatar, to find its area


@dataclass(frozen=True, eq=False)
class Layer:
    """Triangles (F, 3) uint16 or uint32 with one material, of that `number` in the file; `texture` is one of the
    geometry's, None for none; `colored` says whether its vertices have colours of their own.
    """

    triangles: Array
    number: int
    material: Material
    texture: int | None
    colored: bool


@dataclass(frozen=True, eq=False)
class AvatarGeometry:
    """`layers` in the order of drawing; `unit`: mm of a m of the file. `uv` (V, 2), `colors` (V, 4) linear or None,
    `rest` (V, 3) mm; `textures`: pixels (H, W, 4) uint8 by number. `hairy` is empty: hair is as the avatar has it."""

    layers: tuple[Layer, ...]
    textures: dict[int, Array]
    uv: Array
    colors: Array | None
    rest: Array
    grid: Array
    outermost: Array
    hairy: Array
    unit: float

    def around(self, vertices: Array) -> Array:
        """Some of the vertices (V, 3) that enclose the others."""
        return vertices[self.outermost]

    @property
    def size(self) -> int:
        return len(self.rest)

    @classmethod
    def of(cls, avatar: Avatar) -> AvatarGeometry:
        file, rest = avatar.file, avatar.rest
        kind = index_type(len(rest))
        textures = all_decoded(
            {n: file.images[n] for m in file.materials for n in (*m.pictures, m.bumps) if n is not None}, _MOST_PIXELS
        )
        colored = any(b.colors is not None for b in file.blocks)
        plain = [np.ones((len(b.positions), 4), np.float32) if b.colors is None else b.colors for b in file.blocks]
        colors = np.concatenate(plain)
        by_material: dict[int, list[Array]] = {}
        for piece in file.pieces:
            by_material.setdefault(piece.material, []).append(piece.triangles + avatar.starts[piece.block])
        layers = []
        for number, parts in by_material.items():
            material, triangles = file.materials[number], np.concatenate(parts)
            if len(triangles):
                texture = material.texture if material.texture in textures else None
                # Neighbours together, as HeadGeometry's.
                order = np.argsort(along_a_curve(rest[triangles].mean(1)), kind="stable")
                layers.append(
                    Layer(
                        np.ascontiguousarray(triangles[order], kind),
                        number,
                        material,
                        texture,
                        bool((colors[triangles] < 1).any()),
                    )
                )
        layers.sort(key=lambda layer: turn_of(layer.material, float(rest[layer.triangles, 2].mean())))
        return cls(
            tuple(layers),
            textures,
            np.ascontiguousarray(np.concatenate([b.uv for b in file.blocks]), np.float32),
            np.ascontiguousarray(colors, np.float32) if colored else None,
            rest,
            np.ascontiguousarray(edges_of(avatar.triangles)[0], kind),
            np.union1d(np.arange(0, len(rest), max(1, len(rest) // _POINTS)), _hull(rest)),
            np.zeros((0, 3), kind),
            float(np.cbrt(np.linalg.det(avatar.place[:3, :3]))),
        )


def _hull(points: Array) -> Array:
    try:
        return np.asarray(ConvexHull(points).vertices)
    except (QhullError, ValueError):  # it is flat
        return np.concatenate([points.argmin(0), points.argmax(0)])
