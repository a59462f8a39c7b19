"""The head behind the face: skull cap, nape and neck, grown from the oval of the Face Mesh.

Rings of 36 points run from the oval over the skull to the neck. Their resting shape is a loft, which
follows the oval less and less; their actual positions minimise a fairness energy (squared umbrella
Laplacian, which continues the face's tangents across the oval) plus a pull to the loft that grows
backwards. That minimum is linear in the face's points, so identity and expression carry over
smoothly and fade out.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.geometry.nearest import nearest
from expnet_live.geometry.spline import spline
from expnet_live.heads.cage import Cage, Linear, on_left
from expnet_live.heads.topology import N_BASE
from expnet_live.meshes.subdivision import edges_of

N_RINGS = 12
_PULL = np.concatenate([[0.03, 0.12, 0.4], np.full(N_RINGS - 3, 1.0)])
_FOLLOW = np.linspace(1, 0, N_RINGS) ** 1.3  # how far the loft itself moves with the oval, ring by ring
_TINY = 2e-3  # weights below this are dropped, so that the shell is fast to compute

# The loft, in mm: rings from the oval over the skull to the base of the neck, each given by its
# front (y, z), its back or top (y, z), and its side (x, y, z).
_RINGS = (
    ((-84, -26), (110, -22), (74, 26, -86)),
    ((-91, -42), (127, -80), (77, 32, -106)),
    ((-99, -50), (104, -148), (68, 2, -124)),
    ((-109, -52), (42, -178), (54, -50, -116)),
    ((-120, -51), (-30, -150), (48, -88, -100)),
    ((-132, -48), (-82, -130), (46, -114, -92)),
    ((-145, -43), (-130, -137), (52, -139, -91)),
)
# The skull, a little fuller than an ellipsoid, has the measures of adults: 152 mm wide, 190 mm from the glabella back.
_SKULL, _HALF_AXES, _FULLNESS = np.array([0.0, 36, -87]), np.array([77.5, 93, 97]), 2.1
_REACH, _LOW = (28.0, 50.0), (10.0, 35.0)  # mm behind the oval, and heights, over which the smoothing ends
_SMOOTHINGS = 24
_SKULL_FROM, _SKULL_TO = -10.0, 45.0  # heights between which the loft turns into the skull


def add_head_shell(cage: Cage, mean: Array, oval: Array, part: int, colors: Array) -> None:
    """Add the shell behind the ring `oval` (36,) of the mean face (468, 3) to the cage.

    Its colour quickly changes from that of the oval to the median of the base points' RGB `colors` (468, 3).
    """
    skin = np.median(colors, axis=0)
    left = on_left(mean, oval)
    loft = _loft(mean[oval])
    start = cage.size
    rings = [oval, *(start + np.arange(len(oval)) + k * len(oval) for k in range(N_RINGS))]
    shape = Cage(triangles=list(cage.triangles))
    for ring, following in pairwise(rings):
        shape.strip(ring, following, left)
    follow = Linear.of(np.tile(oval, N_RINGS))
    fade = np.repeat(_FOLLOW, len(oval))[:, None]
    targets = Linear(follow.matrix.multiply(fade).tocsr(), loft.reshape(-1, 3) - fade * follow.at(mean))
    points = _fair(np.concatenate(shape.triangles), start, targets)
    tint = fade**6
    cage.add(points, part, tint * np.tile(colors[oval], (N_RINGS, 1)) + (1 - tint) * skin)
    cage.triangles = shape.triangles

    bottom = points.at(mean)[-len(oval) :]
    center = bottom.mean(0)
    below = Linear.following({1: 1.0}, center + (bottom - center) * 0.86 + (0, -5, 0), mean)
    lowest = Linear.following({1: 1.0}, center[None] + (0, -7, 0), mean)
    inset = cage.add(below, part, skin, skin=below.share(0.0))
    pole = cage.add(lowest, part, skin, skin=lowest.share(0.0))
    cage.strip(rings[-1], inset, left)
    cage.cap(inset, int(pole[0]))


def smooth_below_jaw(
    refine: sparse.csr_matrix, triangles: Array, shell: Array, points: Array, oval: Array
) -> sparse.csr_matrix:
    """Refinement of cage `points` (n, 3) to vertices (V, 3) without the groove between the jaw and the neck.

    The shell continues the tangents of the face, which point inwards at the jaw: a crease as narrow as this catches
    no light, like a line that is drawn along the jaw. `shell` (V,) bool are the vertices that may move.
    """
    a, b = edges_of(triangles)[0].T
    n = refine.shape[0]
    links = sparse.coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    resting = refine @ points
    ring = np.linspace(points[oval], points[np.roll(oval, -1)], 8).reshape(-1, 3)
    low = np.clip((_LOW[1] - resting[:, 1]) / (_LOW[1] - _LOW[0]), 0, 1)
    share = 0.9 * shell * low * (resting[:, 2] > ring[:, 2].min() - _REACH[1])
    some = np.flatnonzero(share)
    share[some] *= np.clip((_REACH[1] - nearest(resting[some], ring)[0][:, 0]) / (_REACH[1] - _REACH[0]), 0, 1)
    moving, still = np.flatnonzero(share), np.flatnonzero(share == 0)
    # Vertices move by that share to the mean of their neighbours, some of which stay where they are.
    means = sparse.diags(share[moving] / np.asarray(links[moving].sum(1)).ravel()) @ links[moving]
    among, given = means[:, moving] + sparse.diags(1 - share[moving]), means[:, still] @ refine[still]
    moved = refine[moving]
    for _ in range(_SMOOTHINGS):
        moved = among @ moved + given
    refine = sparse.vstack([refine[still], moved])[np.argsort(np.r_[still, moving])]
    refine = refine.tocsr()
    refine.data[np.abs(refine.data) < _TINY] = 0
    refine.eliminate_zeros()
    return sparse.csr_matrix(sparse.diags(1 / np.asarray(refine.sum(1)).ravel()) @ refine)


def _loft(oval: Array) -> Array:
    """Points (N_RINGS, 36, 3) on curves from the oval (36, 3) through the loft's rings to the base of the neck."""
    half = (oval.max(0) - oval.min(0)) / 2
    middle = (oval.max(0) + oval.min(0)) / 2
    angle = np.arctan2(oval[:, 0] / half[0], (oval[:, 1] - middle[1]) / half[1])  # from the top, towards +x
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    knots = [oval]
    for front, back, side in np.array([(f, b, s[1:]) for f, b, s in _RINGS], float):
        height_depth = (front + back) / 2 + (back - front) / 2 * c + (side - (front + back) / 2) * s**2
        knots.append(np.hstack([np.zeros_like(s), height_depth]))
    # The skull is fuller than an ellipse, but the neck is not.
    for ring, (_, _, side) in zip(knots[1:], _RINGS, strict=True):
        ring[:, 0] = side[0] * np.sign(s[:, 0]) * np.abs(s[:, 0]) ** (0.9 - 0.1 * c[:, 0])

    out = np.empty((N_RINGS, len(oval), 3))
    # Short steps near the face, where its triangles are small, longer ones further back.
    steps = np.cumsum(1.1 ** np.arange(N_RINGS))
    for i, path in enumerate(np.stack(knots, 1)):
        chords = np.concatenate([[0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(path, axis=0), axis=1)))])
        curve = _on_skull(spline(chords, path, np.linspace(0, chords[-1], 201)))
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
        for k in range(3):
            out[:, i, k] = np.interp(steps / steps[-1] * length[-1], length, curve[:, k])
    return out


def _on_skull(points: Array) -> Array:
    """Move points (n, 3) onto the skull along the rays from its centre, more so at greater height."""
    ray = points - _SKULL
    out = (np.abs(ray / _HALF_AXES) ** _FULLNESS).sum(1, keepdims=True) ** (1 / _FULLNESS)
    t = np.clip((points[:, 1:2] - _SKULL_FROM) / (_SKULL_TO - _SKULL_FROM), 0, 1)
    result: Array = _SKULL + ray * out ** -(t * t * (3 - 2 * t))
    return result


def _fair(triangles: Array, n_fixed: int, targets: Linear) -> Linear:
    """The new points as the fairest continuation of the first 468, with a pull to `targets` for each ring."""
    n = n_fixed + len(targets)
    a, b = edges_of(triangles)[0].T
    adjacency = sparse.coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    degree = np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1)
    laplacian = sparse.identity(n) - sparse.diags(1 / degree) @ adjacency
    # Fairness applies to every point with a new neighbour, except at the open end.
    ring = len(targets) // N_RINGS
    touched = np.flatnonzero(np.asarray((adjacency[:, n_fixed:]).sum(1)).ravel() > 0)
    laplacian = laplacian.tocsr()[touched[touched < n - ring]]
    new, old = laplacian[:, n_fixed:], laplacian[:, :N_BASE]
    pull = sparse.diags(np.repeat(_PULL, ring))
    wanted = (pull @ targets.matrix - new.T @ old).tocsc()
    # Only the oval and the points beside it matter: 72 of 468 columns.
    used = np.flatnonzero(np.diff(wanted.indptr))
    sides = np.hstack([wanted[:, used].toarray(), pull @ targets.offset])
    found = np.linalg.solve((new.T @ new + pull).toarray(), sides)
    matrix = np.zeros(wanted.shape)
    matrix[:, used] = found[:, :-3]
    matrix[np.abs(matrix) < _TINY] = 0
    return Linear(sparse.csr_matrix(matrix), found[:, -3:])
