"""Single lashes on both lids, for renderers that draw single hairs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.closing import Closing
from expnet_live.heads.strands import Strands, ribbons, unit

_POINTS = 4  # along a lash
_LENGTH = 6.2, 2.6  # mm of the longest lashes of an upper and a lower lid
_WIDTH = 0.17  # mm, half of it at the root
# Their way outwards and up, in shares of the length: of an upper lid that is open, one that is shut, a lower lid.
_UP, _SHUT, _LOWER = ((0.8, 0.35), (1.0, -0.45), (0.8, -0.55))


@dataclass(frozen=True, eq=False)
class Lashes:
    """`open` are the lashes of open eyes, which have the offsets `shut` (S, 3) mm in shut ones. Vertices `slits` (2, 2)
    are the middles of the upper and the lower lid of the right and the left eye, `rest` (2,) mm apart at rest, and
    `eye` (S,) is 0 or 1."""

    open: Strands
    shut: Array
    slits: Array
    rest: Array
    eye: Array

    def wider(self, factor: float) -> Lashes:
        """The same lashes, so many times as wide, for renderers whose pixels are wider than a lash."""

        def widened(offset: Array) -> Array:
            across = offset.reshape(-1, 3, 3)
            middle = (across[:, :1] + across[:, 2:]) / 2
            return np.asarray(middle + factor * (across - middle), offset.dtype).reshape(-1, 3)

        return replace(self, open=replace(self.open, offset=widened(self.open.offset)), shut=widened(self.shut))

    def at(self, vertices: Array) -> Array:
        """Positions (S, 3) float32 for a head's vertices (V, 3)."""
        height = vertices[self.slits, 1]
        share = np.clip((height[:, 0] - height[:, 1]) / self.rest, 0, 1)[self.eye, None]
        found: Array = vertices.take(self.open.root, axis=0)
        found += self.shut + share * (self.open.offset - self.shut)
        return found.astype(np.float32, copy=False)


def lashes(resting: Array, eyelids: tuple[Closing, ...], centers: Array) -> Lashes:
    """The lashes of both eyes, right and left, around `centers` (2, 3), on a head's vertices (V, 3) at rest."""
    parts, shut, slits, eye = Strands.none(), [], [], []
    for number, (lid, center) in enumerate(zip(eyelids, centers, strict=True)):
        middle = len(lid.first) // 2
        slits.append((lid.first[middle], lid.second[middle]))
        for edge, length, ways, each in (
            (lid.first, _LENGTH[0], (_UP, _SHUT), 3),
            (lid.second, _LENGTH[1], (_LOWER, _LOWER), 1),
        ):
            open_, closed = (_row(resting, edge, center, length, way, each) for way in ways)
            parts += open_
            shut.append(closed.offset)
            eye.append(np.full(len(open_), number))
    heights = resting[np.array(slits), 1]
    return Lashes(parts, np.concatenate(shut), np.array(slits), heights[:, 0] - heights[:, 1], np.concatenate(eye))


def _row(resting: Array, edge: Array, center: Array, length: float, way: tuple[float, float], each: int) -> Strands:
    """Lashes along the edge of a lid, vertices (n,), `each` of them at every vertex."""
    rng = np.random.default_rng(11)  # the same lashes for each way
    root = np.repeat(edge, each)
    along = np.abs(resting[root, 0])
    out = np.clip((along - along.min()) / np.ptp(along), 0, 1)  # from the inner corner
    step = np.gradient(resting[edge], axis=0).repeat(each, axis=0)
    base = resting[root] + step * rng.uniform(-0.5, 0.5, len(root))[:, None]
    away = (resting[root] - center) * (1.5, 0, 1)
    fan = np.sign(center[0]) * (out - 0.35)[:, None] * (0.5, 0, 0)
    away = unit(unit(away) + fan + rng.normal(0, 0.08, (len(root), 3)))
    size = length * (0.35 + 0.65 * np.sin(np.pi * (0.12 + 0.68 * out))) * rng.uniform(0.75, 1.1, len(root))
    share = np.linspace(0, 1, _POINTS)[:, None]
    outwards, up = way
    rise = up * (1.7 * share**2 - 0.7 * share) if up > 0 else up * share
    paths = base + (size * outwards * share)[..., None] * away + (size * rise)[..., None] * (0, 1.0, 0)
    width = _WIDTH * (1.15 - share) * np.ones(len(root))
    none = np.zeros_like(width)
    ups = np.broadcast_to(np.array([0, 0.6, 0.8]), paths.shape)
    mesh, triangles, normals, tangents, place, light = ribbons(paths, ups, width, rng.random(len(root)), none + 1, none)
    place[:, 1] = 0.2 + 0.5 * place[:, 1]  # neither root nor tip thins out
    of = np.tile(np.repeat(root, 3), _POINTS)
    offset = (mesh - resting[of]).astype(np.float32)
    return Strands(of.astype(np.int32), offset, triangles, normals, tangents, place, light)
