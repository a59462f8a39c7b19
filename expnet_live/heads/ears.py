"""Ears: a rigid auricle of smooth ridges and hollows on the side of the head."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.geometry.spline import spline
from expnet_live.heads.cage import Linear

# The outline of a left ear, mm in its own plane: backwards from the root, up; the strength of the rolled
# rim (helix) and of the ridge inside it (antihelix).
_OUTLINE = np.array([
    (7, -31, 0.15, 0.1), (1, -25, 0.0, 0.2), (-2, -11, 0.0, 0.0), (-2, 3, 0.2, 0.0), (1, 16, 0.7, 0.2),
    (8, 26, 1.0, 0.6), (18, 31, 1.0, 0.8), (28, 28, 1.0, 0.9), (34.5, 15, 1.0, 1.0), (33.5, -1, 0.9, 1.0),
    (27, -16, 0.55, 1.0), (18, -27, 0.25, 0.7),
], float)  # fmt: skip
_CENTER = np.array([15.5, -3.0])  # of the concha
_AROUND = 44
_FRONT = (1.0, 0.97, 0.93, 0.88, 0.82, 0.76, 0.68, 0.6, 0.52, 0.44, 0.34, 0.2)  # rings from the rim to the concha
_BACK = ((0.985, -2.2), (0.93, -4.2), (0.78, -6.5), (0.5, -16.0))  # behind the rim, and how deep
_OUT, _LEAN = np.radians(23), np.radians(9)  # angles away from the head, and backwards
_ROOT = np.array([16.0, -79.0])  # height and depth on the head, mm
_OUTSIDE = 2.5  # mm of the root outside of the head
_BOUNCED = np.array([0.6, 1.15, 1.3])  # how far a hollow darkens red, green and blue
# How far (mm) the front of the rim, where the auricle grows out of the cheek, lies below it, and from where to where.
_BELOW, _FROM, _TO = 5.5, 12.0, 0.0


def ear_root(skin: Linear, mean: Array, side: int) -> Linear:
    """The point (1,) at which an ear is attached to skin points, on the person's left (side 1) or right (-1)."""
    at = skin.at(mean)
    distance = np.linalg.norm(at[:, 1:] - _ROOT, axis=1) + 1e3 * (at[:, 0] * side < 0)
    near = np.argsort(distance)[:4]
    weights = 1 / distance[near] ** 2
    weights /= weights.sum()
    row = sparse.csr_matrix((weights, (np.zeros(4, int), near)), shape=(1, len(skin)))
    root = np.array([[weights @ at[near, 0] + side * _OUTSIDE, *_ROOT]])
    matrix = (row @ skin.matrix).tocsr()
    return Linear(matrix, root - matrix @ mean)


def ear(side: int, skin: Array) -> tuple[Array, Array, Array]:
    """Vertices (V, 3) mm from the root, triangles and RGB (V, 3) of the left (side 1) or right (-1) ear."""
    knots = np.vstack([_OUTLINE, _OUTLINE[:1]])
    around = np.linspace(0, len(_OUTLINE), _AROUND, endpoint=False)
    curve = spline(np.arange(len(knots)), knots, around, periodic=True)
    outline, helix, antihelix = curve[:, :2], np.clip(curve[:, 2], 0, 1), np.clip(curve[:, 3], 0, 1)
    rows = [(0.0, 0.0), *((r, 0.0) for r in reversed(_FRONT)), *_BACK]
    plane, height, shade = [], [], []
    for r, behind in rows:
        p = _CENTER + r * (outline - _CENTER)
        h = _relief(p, r if not behind else 1.0, helix, antihelix) + behind - _sunk(p, r)
        hollow = 0.22 * np.exp(-((r / 0.36) ** 2)) + 0.1 * helix * _ridge(r, 0.77, 0.07)
        hollow = hollow + 0.5 * np.exp(-(((p[:, 0] - 7) / 3.2) ** 2 + ((p[:, 1] + 6) / 4.2) ** 2))  # the ear canal
        plane.append(p)
        height.append(h)
        shade.append(1 - hollow if not behind else np.full(_AROUND, 1 + 0.03 * behind))
    n = len(rows)
    u, v = np.concatenate(plane).T
    u, v = u * np.cos(_LEAN) + v * np.sin(_LEAN), v * np.cos(_LEAN) - u * np.sin(_LEAN)
    h = np.concatenate(height)
    points = np.stack([side * (u * np.sin(_OUT) + h * np.cos(_OUT)), v, h * np.sin(_OUT) - u * np.cos(_OUT)], 1)
    # Blood shines through the thin rim.
    rim = np.tile(helix, n) * np.repeat([_ridge(r, 1.0, 0.2) for r, _ in rows], _AROUND)
    flush = 1 - rim[:, None] * np.array([0.0, 0.10, 0.10])
    # Light in its hollows has bounced off skin.
    colors = np.clip(np.concatenate(shade), 0.2, 1)[:, None] ** _BOUNCED * flush * skin

    i = np.arange(n * _AROUND).reshape(n, _AROUND)
    a, b = i[:-1], np.roll(i, -1, 1)[:-1]
    c, d = np.roll(i, -1, 1)[1:], i[1:]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return _welded(points, triangles[:, ::-1] if side < 0 else triangles, colors)


def _relief(p: Array, r: float, helix: Array, antihelix: Array) -> Array:
    """Height (mm) of the ear's front above its plane at points (n, 2) at the fraction r of the distance to the rim."""
    rim = 4.2 * helix * _ridge(r, 0.95, 0.08) - 1.8 * helix * _ridge(r, 0.78, 0.08)
    fold = 3.4 * antihelix * _ridge(r, 0.58, 0.13)
    concha = -3.0 * np.exp(-((r / 0.40) ** 2))
    tragus = 4.5 * np.exp(-(((p[:, 0] - 2.5) / 3.8) ** 2 + ((p[:, 1] + 7) / 5.5) ** 2))
    result: Array = rim + fold + concha + tragus
    return result


def _sunk(p: Array, r: float) -> Array:
    """How far (mm) the points (n, 2) lie below the ear's plane, so that no edge stands off the cheek."""
    front = np.clip((_FROM - p[:, 0]) / (_FROM - _TO), 0, 1)
    rim = float(np.clip((r - 0.6) / 0.35, 0, 1))
    return np.asarray(_BELOW * rim * front * front * (3 - 2 * front))


def _ridge(r: float, at: float, width: float) -> float:
    return float(np.exp(-(((r - at) / width) ** 2)))


def _welded(points: Array, triangles: Array, colors: Array) -> tuple[Array, Array, Array]:
    """Merge the ring of identical points in the middle of the concha into one."""
    triangles = np.maximum(triangles - (_AROUND - 1), 0)
    distinct = (triangles[:, 0] != triangles[:, 1]) & (triangles[:, 1] != triangles[:, 2])
    distinct &= triangles[:, 0] != triangles[:, 2]
    points, colors = points[_AROUND - 1 :].copy(), colors[_AROUND - 1 :]
    return points, triangles[distinct], colors
