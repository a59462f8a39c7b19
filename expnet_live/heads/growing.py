"""Grows locks of hair on a head: from roots spread over the scalp along a flow, in steps that keep off the skin.

All positions are those of the head at rest, in mm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.strands import Skin, Strands, resampled, ribbon_triangles, ribbons, spread, unit

_BESIDE, _TOP = 6.0, 70.0  # mm beside a parting, and the height above which there is one
_STEP = 3.0  # mm of one step along a growing lock
_ROOT, _TIP = 5.0, 16.0  # mm of a lock
ROOT, TIP = 0.16, 0.72  # where its root ends and its tip begins, as shares that the shaders use
_DENSE, _SOME = 0.55, 0.3  # density of hair from which locks grow, and from which they follow the skin
_DENSER = 1.4  # points lie closer to each other at the root
_SMOOTH = 1.5  # how much more a lock is lit like the skull than by its own form
_WAVE = 40.0  # mm: hair that winds more slowly is wavy, and its locks do not turn


@dataclass(frozen=True, eq=False)
class Locks:
    """How locks grow: `spacing` mm apart, with `points` along each, of half the width `width` mm.

    `flow` says where locks with roots (L, 3) run from points (L, 3) with unit normals (L, 3), at a share 0..1 of their
    length, as directions (L, 3); `length` how long (L,) mm they are, 0 for none; and `height` how far (L,) mm above
    the skin they lie at points (L, 3). More of them grow along a `parting` at that x (mm). `hanging`, 0..1, is how
    freely they hang below the ears, and `until` the height (mm) where they end; `curl` is the radius (mm) of curls, one
    each `winding` mm.
    """

    spacing: float
    points: int
    width: float
    flow: Callable[[Array, Array, Array, float], Array]
    length: Callable[[Array, np.random.Generator], Array]
    height: Callable[[Array, Array, float], Array]
    parting: float | None = None
    hanging: float = 0.0
    until: float | None = None
    curl: float = 0.0
    winding: float = 16.0


def grown(style: Locks, points: Array, normals: Array, triangles: Array, density: Array, skin: Array) -> Strands:
    """Locks on a head at rest: points and normals (V, 3), triangles (F, 3), `density` of hair (V,), and the vertices
    `skin` (V,) that hair lies on."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(4)
    scalp = np.where(density > _DENSE, 1.0, 0.0)
    grows = triangles[(scalp[triangles] > 0).all(1)]
    roots = spread(points, grows, scalp, style.spacing, rng)
    if style.parting is not None:
        beside = scalp * (np.abs(points[:, 0] - style.parting) < _BESIDE) * (points[:, 1] > _TOP)
        roots = np.concatenate([roots, spread(points, grows, beside, 0.5 * style.spacing, rng)])
    body = Skin(points[skin], normals[skin])
    length = style.length(roots, rng)
    roots, length = roots[length > 0], length[length > 0]
    paths = _grow(style, roots, length.max(), body)
    if style.until is not None:
        length = _down_to(paths, style.until + rng.uniform(-9, 9, len(roots)))
    share = np.linspace(0, 1, style.points)[:, None] ** _DENSER
    paths = resampled(paths, share * length)
    ups = np.stack([body.below(p)[1] for p in paths])
    seed = rng.random(len(roots))
    # Locks lie over each other at slightly different heights and angles.
    twist = np.broadcast_to(rng.normal(0, 0.22, len(roots)), ups.shape[:2]).copy()
    if style.curl:
        paths, twist = _curled(style, paths, ups, length, seed, share, rng)
    along = share * length
    tip = np.minimum(0.5 * length, _TIP)
    width = style.width * rng.uniform(0.75, 1.25, len(roots)) * (0.7 + 0.3 * np.minimum(along / 6, 1))
    width *= np.minimum(1, (length - along + 1) / tip) ** 0.8
    inner = np.clip(rng.normal(0.5, 0.3, len(roots)), 0, 1)
    paths = paths + ups * (2.2 * inner * np.minimum(along / 8, 1))[..., None]
    light = (0.62 + 0.38 * inner) * (0.55 + 0.45 * np.minimum(along / 12, 1))
    mesh, faces, facing, tangents, place, lit = ribbons(paths, ups, width, seed, light, twist=twist)
    # Locks that stand up or turn would each be lit as a wall: as a whole, hair is lit like the skull below it.
    facing = unit(facing + _SMOOTH * np.repeat(ups.reshape(-1, 3), 3, axis=0)).astype(np.float32)
    # The first and the last few millimetres of each lock, whatever its length, are its root and its tip.
    ends = [
        np.interp(q, (0, min(_ROOT, t), m - t, m), (0, ROOT, TIP, 1))
        for q, m, t in zip(along.T, length, tip, strict=True)
    ]
    place[:, 1] = np.repeat(np.transpose(ends), 3)
    scalped = np.flatnonzero(density > 0.3)
    nearest = scalped[cKDTree(points[scalped]).query(mesh)[1]]
    return Strands(
        root=nearest.astype(np.int32),
        offset=(mesh - points[nearest]).astype(np.float32),
        triangles=faces, normals=facing, tangents=tangents, place=place, light=lit,
    )  # fmt: skip


def coarse(style: Locks, locks: Strands) -> Strands:
    """The locks of that style as flat ribbons of half as many points."""
    rows = np.union1d(np.arange(1, style.points, 2), (0, style.points - 1))
    grid = np.arange(len(locks)).reshape(style.points, -1, 3)[rows, :, ::2]
    triangles = ribbon_triangles(np.arange(grid.size).reshape(grid.shape))
    kept = {f.name: getattr(locks, f.name)[grid.ravel()] for f in fields(locks) if f.name != "triangles"}
    return Strands(triangles=triangles, **kept)


def _grow(style: Locks, roots: Array, longest: float, body: Skin) -> Array:
    """Paths (M, L, 3) mm from the roots, in equal steps."""
    at, paths = roots.copy(), [roots]
    n = int(np.ceil(longest / _STEP))
    height, normal = body.below(at)
    before = normal
    for i in range(1, n + 1):
        share = i / n
        flow = style.flow(at, normal, roots, share)
        hanging = style.hanging * (1 - ramp(at[:, 1], -25, 35))
        along = unit(flow - ((1 - hanging) * (flow * normal).sum(1))[:, None] * normal)
        before = unit(0.55 * before + 0.45 * along)
        at = at + _STEP * before
        height, normal = body.below(at)
        wanted = style.height(at, roots, share)
        low = wanted - height
        low = np.where(low > 0, low, low * (1 - hanging))
        at = at + (0.5 * low)[:, None] * normal
        paths.append(at)
    return np.stack(paths)


def _down_to(paths: Array, low: Array) -> Array:
    """The length (L,) mm of paths (M, L, 3) down to the heights `low` (L,)."""
    above = np.minimum.accumulate(paths[..., 1], axis=0) > low
    step = np.linalg.norm(np.diff(paths, axis=0), axis=2)
    return np.asarray(np.maximum((step * above[1:]).sum(0), 30))


def _curled(
    style: Locks, paths: Array, ups: Array, length: Array, seed: Array, share: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Locks wound around their paths, and their twist (n, L)."""
    tangent = unit(np.gradient(paths, axis=0))
    side = np.cross(tangent, ups)
    turn = (
        share * length / (style.winding * rng.uniform(0.8, 1.2, len(length))) * 2 * np.pi * np.sign(seed - 0.5)
        + 12 * seed
    )
    radius = style.curl * rng.uniform(0.7, 1.3, len(length)) * np.minimum(share * 3, 1)
    wound = (radius * np.cos(turn))[..., None] * side + (radius * np.sin(turn))[..., None] * ups
    return paths + wound, np.pi / 2 - turn if style.winding < _WAVE else 0.25 * np.sin(turn)


def ramp(values: Array, low: float, high: float) -> Array:
    """0 up to `low`, 1 from `high` on, smooth between; `low` is less."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
