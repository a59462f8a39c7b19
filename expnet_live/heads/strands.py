"""Hair as locks: narrow, tapering ribbons that grow on a head, for scalp, brows and lashes alike."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from expnet_live.core.types import Array

_ROUND = 0.22  # of the width: how far a lock's middle is raised


@dataclass(frozen=True, eq=False)
class Strands:
    """A mesh of S vertices that follows a head: each is `offset` (S, 3) mm away from the head's vertex `root` (S,).

    `triangles` (F, 3) are seen from both sides; `normals` and `tangents` (S, 3) are unit vectors of the head at rest,
    the latter towards the tip. `place` (S, 3): across the lock -1..1, along it 0..1 from root to tip, and a number
    0..1 of the lock's own. `light` (S,) is how much light reaches the hair, 0..1.
    """

    root: Array
    offset: Array
    triangles: Array
    normals: Array
    tangents: Array
    place: Array
    light: Array

    def __len__(self) -> int:
        return len(self.root)

    def at(self, vertices: Array) -> Array:
        """Positions (S, 3) float32 for a head's vertices (V, 3)."""
        found: Array = vertices.take(self.root, axis=0)
        found += self.offset
        return found

    def __add__(self, other: Strands) -> Strands:
        parts = {f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)}
        parts["triangles"] = np.concatenate([self.triangles, other.triangles + len(self)])
        return Strands(**parts)

    @classmethod
    def none(cls) -> Strands:
        zero = np.zeros((0, 3), np.float32)
        return cls(np.zeros(0, np.int32), zero, np.zeros((0, 3), np.int32), zero, zero, zero, zero[:, 0])


class Skin:
    """The surface that hair grows on and lies over: points and unit normals (n, 3)."""

    def __init__(self, points: Array, normals: Array) -> None:
        from scipy.spatial import cKDTree

        self._points, self._normals, self._tree = points, normals, cKDTree(points)

    def below(self, points: Array) -> tuple[Array, Array]:
        """The height (m,) mm of points (m, 3) above the surface, and its unit normals (m, 3) there."""
        distance, near = self._tree.query(points, k=4)
        weight = 1 / (distance + 0.5) ** 2
        weight /= weight.sum(1, keepdims=True)
        normal = unit((weight[..., None] * self._normals[near]).sum(1))
        foot = (weight[..., None] * self._points[near]).sum(1)
        return ((points - foot) * normal).sum(1), normal


def unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))


def resampled(paths: Array, wanted: Array) -> Array:
    """Points (n, L, 3) at `wanted` (n, L) mm along paths (M, L, 3), or at their ends."""
    step = np.linalg.norm(np.diff(paths, axis=0), axis=2)
    along = np.concatenate([np.zeros((1, paths.shape[1])), np.cumsum(step, axis=0)])
    out = np.empty((len(wanted), *paths.shape[1:]))
    for i in range(paths.shape[1]):
        for k in range(3):
            out[:, i, k] = np.interp(wanted[:, i], along[:, i], paths[:, i, k])
    return out


def ribbons(
    paths: Array, up: Array, width: Array, seed: Array, light: Array, twist: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Locks along paths (n, L, 3), whose outer side faces `up` (n, L, 3), of half the width `width` (n, L) mm.

    `twist` (n, L) rad turns them around their path. Returns positions, triangles, normals, tangents, `place` and
    `light` as in Strands.
    """
    n, count = paths.shape[:2]
    tangent = unit(np.gradient(paths, axis=0))
    up = unit(up - (up * tangent).sum(-1, keepdims=True) * tangent)
    side = np.cross(tangent, up)
    c, s = np.cos(twist)[..., None], np.sin(twist)[..., None]
    up, side = c * up + s * side, c * side - s * up
    across = np.array([-1.0, 0.0, 1.0])
    rise = _ROUND * (1 - across**2)
    shape = (n, count, 3, 3)
    wide = width[..., None, None]
    points = paths[:, :, None] + wide * (across[:, None] * side[:, :, None] + rise[:, None] * up[:, :, None])
    normals = unit(up[:, :, None] + 0.75 * across[:, None] * side[:, :, None])
    place = np.empty(shape)
    place[..., 0], place[..., 1], place[..., 2] = across, np.linspace(0, 1, n)[:, None, None], seed[:, None]
    triangles = ribbon_triangles(np.arange(n * count * 3).reshape(n, count, 3))
    flat = [q.reshape(-1, 3).astype(np.float32) for q in (points, normals, np.broadcast_to(tangent[:, :, None], shape))]
    lit = np.broadcast_to(light[..., None], shape[:3]).reshape(-1).astype(np.float32)
    return flat[0], triangles, flat[1], flat[2], place.reshape(-1, 3).astype(np.float32), lit


def ribbon_triangles(rows: Array) -> Array:
    """Triangles (F, 3) int32 of ribbons, of the numbers `rows` (n, L, k) of their vertices: along them and across."""
    # The side is to the right of a viewer who looks along the path from outside.
    a, b, c, d = rows[:-1, :, :-1], rows[:-1, :, 1:], rows[1:, :, 1:], rows[1:, :, :-1]
    corners = [np.stack(q, -1).reshape(-1, 3) for q in ((a, b, c), (a, c, d))]
    return np.concatenate(corners).astype(np.int32)


def spread(points: Array, triangles: Array, weight: Array, spacing: float, rng: np.random.Generator) -> Array:
    """Points (n, 3) all over those triangles (F, 3) where `weight` (V,) allows it, about `spacing` mm apart."""
    from scipy.spatial import cKDTree

    corners = points[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    area = area * weight[triangles].mean(1)
    many = int(12 * area.sum() / spacing**2)
    chosen = rng.choice(len(triangles), many, p=area / area.sum())
    share = rng.dirichlet((1, 1, 1), many)
    found = (corners[chosen] * share[..., None]).sum(1)
    kept = np.ones(many, bool)
    tree = cKDTree(found)
    near = tree.query_ball_point(found, 0.8 * spacing)
    for i, others in enumerate(near):
        if kept[i]:
            kept[others] = False
            kept[i] = True
    return np.asarray(found[kept])
