"""Eyeballs with irises, the rims of the eyelids, and lashes."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array
from expnet_live.geometry.nearest import nearest
from expnet_live.heads.cage import Cage, Linear, on_left

EYE_RADIUS = 12.4  # mm
IRIS_RADIUS = 5.9
PUPIL_RADIUS = 2.2
_LASH_LENGTH = 1.7
LID_THICKNESS = 0.98  # with .9, the cornea comes through the shut lid where the eye looks aside
_CORNEA = 0.85  # mm by which the cornea bulges; this moves the highlight into the iris
_DEPTH = 12.1  # position of an eye's centre behind the middle of its lids
_CREASE, _CREASE_WIDE, _CREASE_DARK = 4.3, 1.0, 0.55  # mm above the lid's edge, mm, of the light
_SECTORS = 48
_MAX_POLAR = np.radians(105)

_SCLERA, _SCLERA_EDGE = np.array([208, 199, 192.0]), np.array([178, 144, 136.0])  # brighter ones glow in dark skin
_LIMBUS = np.array([44, 38, 36.0])
_PUPIL = np.array([8, 7, 8.0])
_RIM, _CARUNCLE, _LASH = np.array([196, 128, 116.0]), np.array([205, 124, 116.0]), np.array([46, 32, 28.0])


def eye_center(mean: Array, ring: Array) -> Linear:
    """The centre of the eyeball behind the lid ring (16,) that begins at the outer corner; it moves with both
    corners.
    """
    outer, inner = int(ring[0]), int(ring[8])
    lids = mean[ring]
    middle = np.array([
        (lids[0, 0] + lids[8, 0]) / 2 + 0.3 * np.sign(lids[0, 0]),
        (lids[:, 1].min() + lids[:, 1].max()) / 2,
        np.sort(lids[:, 2])[-6:].mean() - _DEPTH,
    ])  # fmt: skip
    return Linear.following({outer: 0.5, inner: 0.5}, middle[None], mean)


def add_lid_rim(cage: Cage, mean: Array, ring: Array, center: Linear, part: int) -> None:
    """Extrude the lid ring towards the eye's centre until it is well inside the eyeball."""
    lids = Linear.of(ring)
    positions, middle = mean[ring], center.at(mean)[0]
    distance = np.linalg.norm(positions - middle, axis=1)
    outer, inner = positions[0], positions[8]
    along = (positions - outer) @ (inner - outer) / ((inner - outer) ** 2).sum()
    upper = positions[:, 1] > outer[1] + along * (inner[1] - outer[1])
    corner = np.clip((along - 0.82) / 0.18, 0, 1)[:, None]
    rim = np.where(upper[:, None], 0.75 * _LASH + 0.25 * _RIM, _RIM)
    rim = rim * (1 - corner) + _CARUNCLE * corner

    row = ring
    for depth, shade in ((0.9, 1.0), (2.0, 0.92), (4.0, 0.7)):
        reach = np.minimum(distance - depth, EYE_RADIUS - 0.9 if depth == 4.0 else np.inf)
        share = reach / distance
        following = cage.add(lids.mix(center, 1 - share), part, rim * shade, skin=lids.share(share))
        cage.strip(row, following, on_left(mean, ring))
        row = following


def eyeball(iris: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    """An eyeball around the origin looking along +z: vertices (V, 3) mm, triangles (F, 3), RGB 0..255 (V, 3); see
    Look.iris."""
    limbus, pupil = np.arcsin(IRIS_RADIUS / EYE_RADIUS), np.arcsin(PUPIL_RADIUS / EYE_RADIUS)
    rings = np.concatenate([
        pupil * np.array([0.5, 0.93, 1.07]),
        pupil + (limbus - pupil) * np.array([0.22, 0.42, 0.62, 0.8, 0.9, 0.98]),
        limbus * np.array([1.03, 1.09, 1.2, 1.4]),
        np.linspace(limbus * 1.65, _MAX_POLAR, 7),
    ])  # fmt: skip
    azimuth = np.linspace(0, 2 * np.pi, _SECTORS, endpoint=False)
    polar, turn = (g.ravel() for g in np.meshgrid(rings, azimuth, indexing="ij"))
    unit = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], 1)
    bulge = _CORNEA * np.clip(1 - (np.sin(polar) / np.sin(limbus)) ** 2, 0, 1) ** 1.5 * (polar < limbus)
    vertices = np.vstack([(0, 0, EYE_RADIUS + _CORNEA), (EYE_RADIUS + bulge)[:, None] * unit])
    colors = np.vstack([_PUPIL, eye_colors(polar, turn, pupil, limbus, iris)])

    index = 1 + np.arange(len(polar)).reshape(len(rings), _SECTORS)
    right = np.roll(index, -1, axis=1)
    a, b, c, d = (q.ravel() for q in (index[:-1], right[:-1], right[1:], index[1:]))
    top = np.stack([np.zeros(_SECTORS, int), index[0], right[0]], 1)
    return vertices, np.concatenate([top, np.stack([a, d, c], 1), np.stack([a, c, b], 1)]), colors


def eye_colors(polar: Array, turn: Array, pupil: float, limbus: float, tint: tuple[Array, Array]) -> Array:
    """RGB 0..255 (n, 3) of an eyeball by the angles from its axis and around it; radii of pupil and iris in radians,
    `tint` as Look.iris."""
    within = np.clip((polar - pupil) / (limbus - pupil), 0, 1)[:, None]
    rng = np.random.default_rng(5)
    streak = sum(
        rng.uniform(0.3, 1) * np.cos(k * turn + rng.uniform(0, 2 * np.pi)) for k in (5, 7, 9, 11, 14, 17, 19, 22)
    )
    fibre = (1 + 0.07 * np.asarray(streak) * np.sin(np.pi * within[:, 0]))[:, None]
    # Light enters from above and collects in the lower half of the iris.
    caustic = (1 - 0.30 * np.sin(turn))[:, None]
    outer, inner = tint
    iris = (inner + (outer - inner) * np.clip(within * 1.5, 0, 1)) * fibre * caustic
    limbal = np.clip((within - 0.68) / 0.3, 0, 1) ** 1.5
    iris = iris * (1 - limbal) + _LIMBUS * limbal

    side = np.clip((polar - limbus * 1.1) / (limbus * 1.6), 0, 1)[:, None] ** 1.3
    sclera = _SCLERA * (1 - side) + _SCLERA_EDGE * side
    # The upper lid and its lashes shade the top of the ball.
    height = (np.sin(polar) * np.sin(turn))[:, None]
    shade = 1 - 0.42 * np.clip((height - 0.08) / 0.35, 0, 1) ** 1.2 - 0.12 * np.clip((-height - 0.2) / 0.3, 0, 1)
    color = np.where(polar[:, None] < pupil, _PUPIL, np.where(polar[:, None] < limbus, iris, sclera))
    return color * np.where(polar[:, None] < limbus, 0.5 + 0.5 * shade, shade)


def lashes(lid: Array, center: Array) -> tuple[Array, Array, Array, Array]:
    """The lashes of an upper lid whose edge runs through points (n, 3), corner to corner.

    They form a narrow, double-sided band: returns for each of its 4n vertices its point on the edge
    and its offset from it (mm), triangles and RGB.
    """
    n = len(lid)
    outward = (lid - center) * (1, 0, 1)
    outward = outward / np.linalg.norm(outward, axis=1, keepdims=True)
    taper = np.sin(np.linspace(0, np.pi, n))[:, None] ** 0.6
    length = _LASH_LENGTH * taper * (outward + np.array([0, -0.33, 0]))
    band = np.concatenate([0.02 * length, length])
    i = np.arange(n - 1)
    one = np.concatenate([np.stack([i, i + 1, i + n], 1), np.stack([i + 1, i + n + 1, i + n], 1)])
    colors = np.tile(np.repeat([_LASH, 1.25 * _LASH], n, axis=0), (2, 1))
    return np.tile(np.arange(n), 4), np.tile(band, (2, 1)), np.concatenate([one, one[:, ::-1] + 2 * n]), colors


def crease(points: Array, lid: Array) -> Array:
    """Darkness (V,) at skin points (V, 3) of the fold above an upper lid whose edge runs through points (n, 3)."""
    distance, edge_point = (found[:, 0] for found in nearest(points, lid))
    aside, edge = np.abs(points[:, 0]), np.abs(lid[:, 0])
    along = np.clip((aside - edge.min()) / np.ptp(edge), 0, 1)
    taper = np.sin(np.pi * (0.9 * along + 0.08)) ** 0.7
    above = points[:, 1] > lid[edge_point, 1]
    dark: Array = _CREASE_DARK * taper * above * np.exp(-(((distance - _CREASE) / _CREASE_WIDE) ** 2))
    return dark
