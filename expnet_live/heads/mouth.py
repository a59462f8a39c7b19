"""The inside of the mouth: the pouch behind the lips, two rows of teeth, gums and a tongue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array
from expnet_live.geometry.spline import spline
from expnet_live.heads.cage import Cage, Linear, on_left

# Anchors of the upper teeth (skin under the nose) and of the lower ones (skin under the lower lip).
UPPER_ANCHOR = {2: 1.0, 164: 1.0, 167: 0.5, 393: 0.5, 97: 0.5, 326: 0.5}
LOWER_ANCHOR = {17: 0.5, 84: 0.25, 314: 0.25, 18: 0.4, 200: 0.4, 199: 0.2}

_LIP_INSIDE, _FLESH = np.array([158, 78, 74.0]), np.array([120, 44, 42.0])
_TOOTH, _NECK, _GAP = np.array([234, 225, 208.0]), np.array([226, 210, 184.0]), np.array([132, 104, 90.0])
_GUM = np.array([192, 108, 104.0])
_TONGUE = np.array([214, 118, 114.0])


def add_mouth_pouch(cage: Cage, mean: Array, lips: Array, part: int) -> None:
    """Extrude the inner ring of the lips (20,), which begins at the person's right corner, backwards and apart."""
    ring = mean[lips]
    corner = ring[0], ring[10]
    width = (corner[1][0] - corner[0][0]) / 2
    side = np.clip(ring[:, 0] / width, -1, 1)
    # The ring runs along one lip from corner 0 to corner 10 and back along the other.
    upper_first = ring[1:10, 1].mean() > ring[11:, 1].mean()
    sign = np.zeros(len(lips))
    sign[1:10], sign[11:] = (1, -1) if upper_first else (-1, 1)
    open_ = sign * np.sqrt(1 - 0.9 * side**2)

    own = Linear.of(lips)
    row = lips
    middle = (corner[0] + corner[1]) / 2
    for back, apart, wide, follow, color in (
        (1.6, 1.2, 1.00, 0.0, _LIP_INSIDE),
        (5.0, 5.5, 1.04, 0.25, _FLESH),
        (13.0, 13.0, 1.15, 0.7, 0.95 * _FLESH),
        (30.0, 19.0, 1.20, 1.0, 0.7 * _FLESH),
        (48.0, 17.0, 0.90, 1.0, 0.3 * _FLESH),
    ):
        target = ring + np.stack([ring[:, 0] * (wide - 1), apart * open_, np.full(len(lips), -back)], 1)
        flat = target.copy()
        flat[:, 2] = np.minimum(target[:, 2], ring[:, 2] - 0.3 * back)
        upper = Linear.following(UPPER_ANCHOR, flat, mean)
        lower = Linear.following(LOWER_ANCHOR, flat, mean)
        jaws = upper.mix(lower, 0.5 - 0.5 * sign)
        points = own.shifted(target - ring).mix(jaws, follow)
        following = cage.add(points, part, color, skin=own.share(1 - follow), jaw=follow * (0.5 - 0.5 * sign))
        cage.strip(row, following, on_left(mean, lips))
        row = following
    deepest = Linear.following(UPPER_ANCHOR, (middle - (0, 4, 62))[None], mean)
    end = cage.add(deepest, part, (8.0, 3.0, 3.0), skin=deepest.share(0.0))
    cage.cap(row, int(end[0]))


@dataclass(frozen=True)
class Arch:
    """One row of teeth. Widths and heights from the middle outwards, mm; `up` is +1 if the gums are above."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    half_width: float
    depth: float
    up: int


UPPER_ARCH = Arch((8.6, 6.7, 7.6, 7.0, 6.8, 9.5), (9.6, 8.4, 9.4, 8.0, 7.4, 6.6), 28.0, 44.0, 1)
LOWER_ARCH = Arch((5.4, 5.9, 6.8, 7.0, 7.0, 10.0), (8.4, 8.4, 9.2, 8.0, 7.4, 6.6), 26.0, 42.0, -1)


def teeth(arch: Arch) -> tuple[Array, Array, Array]:
    """Vertices (V, 3) mm, triangles and RGB of a row of teeth; the biting edge of the front ones is at the origin."""
    u, tooth, at = _columns(arch)
    x, z, nx, nz = _along(at, arch)
    height = np.take(arch.heights, tooth)
    across = np.abs(u)
    canine = tooth == 2
    edge = np.where(canine, 1.1 * across**1.5 - 0.5, 0.9 * across**5) + 0.6 * (np.array(tooth) == 1)
    neck = height - 1.4 * across**2.5
    # Rows from the gum to behind the biting edge: height above the edge, distance outwards, colour.
    bulge = 0.75 * (1 - across**4) - 0.55 * across**12
    rows = [
        (height + 7.0, 0.2 + 0 * u, 0.7 * _GUM),
        (height + 2.5, 0.75 + 0.25 * bulge, _GUM),
        (neck + 0.5, 0.55 + 0.45 * bulge, _GUM),
        (neck, 0.1 + 0.75 * bulge, 0.5 * _GUM + 0.5 * _NECK),
        (neck - 0.7, 0.1 + 0.9 * bulge, _NECK),
        (0.55 * height, 0.2 + 1.1 * bulge, _TOOTH),
        (edge + 1.2, 0.0 + bulge, _TOOTH),
        (edge + 0.2, -0.5 + 0.8 * bulge, 0.97 * _TOOTH),
        (edge, -1.2 + 0.6 * bulge, 0.93 * _TOOTH),
        (edge + 0.5, -2.6 + 0 * u, 0.8 * _TOOTH),
        (height, -5.0 + 0 * u, 0.4 * _TOOTH),
    ]
    gap = np.clip((across - 0.78) / 0.22, 0, 1)[:, None] ** 2
    far = np.clip(-z / 34, 0, 1)[:, None]
    vertices, colors = [], []
    for k, (y, out, color) in enumerate(rows):
        vertices.append(np.stack([x + out * nx, arch.up * y, z + out * nz], 1))
        is_tooth = k >= 4
        tint = color * (1 - 0.55 * gap * is_tooth) + _GAP * 0.55 * gap * is_tooth
        colors.append(tint * (1 - 0.68 * far**1.2))
    triangles = _grid_triangles(len(rows), len(u))
    if arch.up < 0:
        triangles = triangles[:, ::-1]
    return np.concatenate(vertices), triangles, np.concatenate(colors)


def _columns(arch: Arch) -> tuple[Array, Array, Array]:
    """Columns of the row: position within the tooth (-1..1), the tooth's number from the middle, mm along the arch."""
    steps = np.array([-1, -0.9, -0.6, -0.2, 0.2, 0.6, 0.9])
    u, tooth, at, start = [], [], [], 0.0
    for number, width in enumerate(arch.widths):
        u.append(steps)
        tooth.append(np.full(len(steps), number))
        at.append(start + width * (steps + 1) / 2)
        start += width
    half_u, half_tooth, half_at = (np.concatenate(q) for q in (u, tooth, at))
    mirrored = slice(None, 0, -1)
    return (
        np.concatenate([-half_u[mirrored], half_u]),
        np.concatenate([half_tooth[mirrored], half_tooth]),
        np.concatenate([-half_at[mirrored], half_at]),
    )


def _along(at: Array, arch: Arch) -> tuple[Array, Array, Array, Array]:
    """Position x, z and outward direction at arc length `at` on the half-ellipse of the arch."""
    phi = np.linspace(-np.pi / 2, np.pi / 2, 721)
    px, pz = arch.half_width * np.sin(phi), arch.depth * (np.cos(phi) - 1)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(px), np.diff(pz)))])
    angle = np.interp(at, length - length[-1] / 2, phi)
    nx, nz = np.sin(angle) / arch.half_width, np.cos(angle) / arch.depth
    norm = np.hypot(nx, nz)
    return arch.half_width * np.sin(angle), arch.depth * (np.cos(angle) - 1), nx / norm, nz / norm


_TONGUE_ROWS, _TONGUE_TOP, _TONGUE_BELOW = 20, 15, 7  # along it, and across its upper and its lower side
# The middle of its underside when out, height and depth in its own frame, mm: over the lower teeth and the lip.
_TONGUE_OUT = ((-5.0, -28.0), (-3.5, -12.0), (-1.0, 4.0), (1.8, 18.0), (2.4, 28.0), (-1.5, 38.0), (-9.5, 45.5))
_TONGUE_HALFWAY = ((-5.0, -28.0), (-4.0, -16.0), (-2.5, -2.0), (-0.5, 10.0), (1.0, 20.0), (1.4, 27.0), (0.8, 32.5))


def tongue() -> tuple[Array, Array, Array]:
    """A tongue around the origin, with its tip towards +z: vertices, triangles and RGB."""
    t, s = _over_the_tongue()
    along = np.array([[-5.0, 20 - 48 * x] for x in t[:, 0]])
    half = 17 * np.sqrt(1 - (1 - np.minimum(t * 1.6, 1)) ** 2) + 0.5
    vertices = _tongue_along(along, half, 6 * np.sqrt(np.clip(t * 2.2, 0, 1)) + 5 * t)
    groove = 1 - 0.22 * np.exp(-((s / 0.15) ** 2)) - 0.25 * np.abs(s) ** 3
    groove = np.where(np.arange(s.shape[1]) < _TONGUE_TOP, groove, 0.62)
    colors = (groove * (1 - 0.6 * t))[:, :, None] * _TONGUE
    i = np.arange(len(vertices)).reshape(t.shape[0], s.shape[1])
    a, b = i[:-1], np.roll(i, -1, 1)[:-1]
    c, d = np.roll(i, -1, 1)[1:], i[1:]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return vertices, triangles, colors.reshape(-1, 3)


def tongue_out() -> tuple[Array, Array]:
    """The vertices (V, 3) of `tongue` when it is half out, and fully out."""
    t, _ = _over_the_tongue()
    shapes = []
    for path, tip in ((_TONGUE_HALFWAY, 0.42), (_TONGUE_OUT, 0.26)):
        knots = np.array(path[::-1])
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
        along = spline(length / length[-1], knots, t[:, 0])
        rounded = (1 - (1 - np.minimum(t / tip, 1)) ** 2.4) ** (1 / 2.4)
        half = (13.5 + 3.5 * t) * rounded + 0.4
        shapes.append(_tongue_along(along, half, (5.2 + 5.8 * t**2) * rounded + 0.3))
    return shapes[0], shapes[1]


def _over_the_tongue() -> tuple[Array, Array]:
    """Fractions of the distance from the tip backwards (n, 1), and from the right to the left edge, above and below."""
    top, below = np.linspace(-1, 1, _TONGUE_TOP), np.linspace(1, -1, _TONGUE_BELOW + 2)[1:-1]
    return np.linspace(0, 1, _TONGUE_ROWS)[:, None] ** 1.7, np.concatenate([top, below])[None]


def _tongue_along(along: Array, half: Array, height: Array) -> Array:
    """The tongue (V, 3) whose underside follows `along` (n, 2), y and z, with the half-width `half` and `height` (n,
    1).
    """
    s = _over_the_tongue()[1]
    above = np.arange(s.shape[1]) < _TONGUE_TOP
    dome = np.cos(s * np.pi / 2) ** 0.8
    up = height * np.where(above, dome - 0.12 * np.exp(-((s / 0.12) ** 2)), -0.28 * dome)
    forward = np.gradient(along, axis=0)
    forward /= -np.linalg.norm(forward, axis=1, keepdims=True)  # rows run backwards
    y = along[:, :1] + up * forward[:, 1:] + 0 * s
    z = along[:, 1:] - up * forward[:, :1] - 2 * s**2
    return np.stack([half * np.sin(s * np.pi / 2), y, z], -1).reshape(-1, 3)


def _grid_triangles(n_rows: int, n_columns: int) -> Array:
    """Triangles of a grid whose rows run downwards and columns to the right, seen from the front."""
    i = np.arange(n_rows * n_columns).reshape(n_rows, n_columns)
    a, b, c, d = (q.ravel() for q in (i[:-1, :-1], i[:-1, 1:], i[1:, 1:], i[1:, :-1]))
    return np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
