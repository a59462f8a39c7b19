"""Aligns a predicted mesh with a scan and measures its error region by region, like the REALY benchmark.

It follows the benchmark's paper (Chai et al., *REALY: Rethinking the Evaluation of 3D Face Reconstruction*,
ECCV 2022) and the steps and weights of its published program:

1. global: a similarity from seven keypoints;
2. regional: rigid ICP of the mesh to the scan's region, its keypoints repeated until they weigh as much as its points;
3. correspondence: the scan's region is deformed onto the mesh by non-rigid ICP, so that a point finds its
   correspondence and not just the nearest point;
4. error: mean distance from the region's points to the mesh points closest to their deformed copies.

Lengths and thresholds are in the scan's unit, about a centimetre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from expnet_live.core.types import Array
from expnet_live.geometry.closest import ClosestPoint
from expnet_live.meshes.subdivision import edges_of

Closest = Callable[[Array], Array]  # maps points (N, 3) to the closest ones of a surface
REGIONS = ("nose", "mouth", "forehead", "cheek")
N_KEYPOINTS = 85
SEVEN = (36, 39, 42, 45, 33, 48, 54)  # corners of eyes and mouth, base of the nose
_MOUTH = (*range(48, 61), 64)
# Keypoints 0 to 67 are iBUG's; those that hold a region in its rigid alignment ...
RIGID = {
    "nose": (*range(27, 36), 70, 71),
    "mouth": _MOUTH,
    "forehead": (*range(36, 48), *range(17, 27)),
    "cheek": (*_MOUTH, 76, 77, 36, 41, 40, 39, 42, 47, 46, 45, 7, 8, 9),
}
# ... and in the deformation of the scan; the cheek has none.
BENDING = {"nose": tuple(range(27, 36)), "mouth": _MOUTH, "forehead": RIGID["forehead"], "cheek": ()}
_WEIGHT = {"cheek": 0.25}  # weight of the keypoints in the rigid alignment, 1 if not listed
_MAX_ITERATIONS, _SETTLED = 100, 1e-6

_STIFF, _STIFF_START = 50.0, 150.0
_KEYPOINT_WEIGHT = 50.0
_MAX_STEPS = 11
_HOLD = 1e-8  # keeps pieces of a region in place that nothing pulls


@dataclass(frozen=True, eq=False)
class Surface:
    """Vertices (V, 3) and triangles (F, 3)."""

    vertices: Array
    triangles: Array


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan: keypoints (85, 3), a surface for each of REGIONS, and its scale in mm per unit."""

    keypoints: Array
    regions: dict[str, Surface]
    scale: float


def region_errors(mesh: Surface, keypoints: Array, scan: Scan) -> dict[str, float]:
    """Error in mm of a predicted mesh with keypoints (85, 3) for each region of a scan."""
    scale, rotation, shift = global_alignment(keypoints[list(SEVEN)], scan.keypoints[list(SEVEN)])
    vertices = scale * mesh.vertices @ rotation.T + shift
    points = scale * keypoints @ rotation.T + shift
    surface = ClosestPoint(vertices, mesh.triangles)
    errors = {}
    for name in REGIONS:
        held = list(RIGID[name])
        region = scan.regions[name]
        turn, move = rigid_icp(surface, points[held], region.vertices, scan.keypoints[held], _WEIGHT.get(name, 1.0))
        bent_to = list(BENDING[name])
        distance = correspondence_errors(
            _placed(surface, turn, move), region, points[bent_to] @ turn.T + move, scan.keypoints[bent_to]
        )
        errors[name] = scan.scale * float(distance.mean())
    return errors


def _placed(surface: Closest, rotation: Array, shift: Array) -> Closest:
    """The rotated and moved surface, with the same search tree."""
    return lambda points: surface((points - shift) @ rotation) @ rotation.T + shift


def global_alignment(points: Array, target: Array) -> tuple[float, Array, Array]:
    """Scale, rotation (3, 3) and shift (3,) that bring points (N, 3) to target (N, 3).

    The scale is the benchmark's: the ratio of the sums of absolute coordinates, after the rotation.
    """
    rotation, _ = rigid_alignment(points, target)
    a, b = points - points.mean(0), target - target.mean(0)
    scale = float(np.abs(b).sum() / np.abs(a @ rotation.T).sum())
    return scale, rotation, target.mean(0) - scale * rotation @ points.mean(0)


def rigid_alignment(points: Array, target: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Rotation (3, 3) and shift (3,) that bring points (N, 3) closest to target (N, 3) (Kabsch)."""
    w = np.full(len(points), 1 / len(points)) if weights is None else weights / weights.sum()
    center, target_center = w @ points, w @ target
    u, _, vt = np.linalg.svd((target - target_center).T @ (w[:, None] * (points - center)))
    rotation = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    return rotation, target_center - rotation @ center


def rigid_icp(
    surface: Closest, keypoints: Array, scan: Array, scan_keypoints: Array, weight: float
) -> tuple[Array, Array]:
    """Rotation and shift that bring the mesh's surface, with keypoints (K, 3), to the scan's points (N, 3).

    All keypoints together weigh `weight` times as much as all points.
    """
    rotation, shift = np.eye(3), np.zeros(3)
    repeated = int(weight * len(scan) / len(keypoints))
    weights = np.concatenate([np.ones(len(scan)), np.full(len(keypoints), repeated)])
    target = np.concatenate([scan, scan_keypoints])
    before = 0.0
    for _ in range(_MAX_ITERATIONS):
        nearest = surface((scan - shift) @ rotation)  # in the mesh's own frame
        points = np.concatenate([nearest, keypoints])
        turned, moved = rigid_alignment(points, target, weights)
        square = ((points @ turned.T + moved - target) ** 2).sum(1)
        error = float(weights @ square / weights.sum())
        if abs(error - before) < _SETTLED:
            break
        rotation, shift, before = turned, moved, error
    return rotation, shift


def correspondence_errors(surface: Closest, scan: Surface, keypoints: Array, scan_keypoints: Array) -> Array:
    """Distance (N,) of each point of an aligned scan's region to its correspondence on the mesh.

    keypoints (K, 3) of the mesh and scan_keypoints (K, 3), which may be empty, constrain the deformation.
    """
    anchors = cKDTree(scan.vertices).query(scan_keypoints)[1] if len(keypoints) else np.empty(0, np.int64)
    bent = bend(scan, surface(scan.vertices), anchors, keypoints)
    distance: Array = np.linalg.norm(surface(bent) - scan.vertices, axis=1)
    return distance


def bend(scan: Surface, target: Array, anchors: Array, anchor_targets: Array) -> Array:
    """Deform the scan's points (N, 3) onto the points `target` (M, 3) by non-rigid ICP (Amberg et al., 2007).

    Each point has an affine map; stiffness keeps the maps of neighbours similar. With `anchors`, a first step moves
    these points of the scan to `anchor_targets`; their pull then fades.
    """
    problem = _Bending(scan, target)
    points, maps, before = scan.vertices, np.ones((4 * len(scan.vertices), 3)), np.zeros((4 * len(scan.vertices), 3))
    if len(anchors):
        before, maps = maps, problem.step(points, anchors, anchor_targets, _KEYPOINT_WEIGHT, None)
        points = problem.moved(points, maps)
    count = 1
    for round_ in range(3):
        stiffness, settled = _STIFF * np.exp(-0.5 * round_), 0.5**round_
        steps = 0
        while np.linalg.norm(maps - before) > settled and not (len(anchors) and steps >= _MAX_STEPS):
            weight = _KEYPOINT_WEIGHT * np.exp(-0.9 * count) / 10
            before, maps = maps, problem.step(points, anchors, anchor_targets, weight, stiffness)
            points = problem.moved(points, maps)
            steps, count = steps + 1, count + 1
    return points


class _Bending:
    """The least squares of one step: unknown are the affine maps (4N, 3) of N points."""

    def __init__(self, scan: Surface, target: Array) -> None:
        n = len(scan.vertices)
        edges = edges_of(scan.triangles)[0]
        rows = np.repeat(np.arange(len(edges)), 2)
        values = np.tile([1.0, -1.0], len(edges))
        incidence = sparse.csr_matrix((values, (rows, edges.ravel())), (len(edges), n))
        self._laplacian = (incidence.T @ incidence).tocsr()
        self._target, self._tree = target, cKDTree(target)

    def step(
        self, points: Array, anchors: Array, anchor_targets: Array, anchor_weight: float, stiffness: float | None
    ) -> Array:
        """The maps that bring points closer to their nearest targets; without `stiffness`, to the anchors alone."""
        n = len(points)
        homogeneous = np.hstack([points, np.ones((n, 1))])
        if stiffness is None:
            square, right = np.zeros(n), np.zeros((n, 3))
            # The first step is stiffer, especially in depth and translation.
            axes = _STIFF_START * np.array([2.0, 2.0, 3.0, 2.0])
        else:
            distance, nearest = self._tree.query(points)
            square = (distance < max(2 * distance.mean(), 1)).astype(float)
            right = square[:, None] * self._target[nearest]
            axes = np.full(4, stiffness)
        if len(anchors):
            # Assignment, not a sum, so that an anchor listed twice pulls once.
            pull = np.zeros((n, 3))
            pull[anchors] = anchor_weight**2 * anchor_targets
            right = right + pull
            square[anchors] += anchor_weight**2
        blocks = square[:, None, None] * homogeneous[:, :, None] * homogeneous[:, None, :]
        data = sparse.bsr_matrix((blocks, np.arange(n), np.arange(n + 1)), shape=(4 * n, 4 * n))
        matrix = sparse.kron(self._laplacian, np.diag(axes**2)) + data + _HOLD * sparse.identity(4 * n)
        side = (homogeneous[:, :, None] * right[:, None, :]).reshape(4 * n, 3)
        side += _HOLD * np.tile(np.eye(4, 3), (n, 1))
        solver = splu(
            matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        result: Array = solver.solve(side)
        return result

    @staticmethod
    def moved(points: Array, maps: Array) -> Array:
        homogeneous = np.hstack([points, np.ones((len(points), 1))])
        result: Array = np.einsum("ni,nij->nj", homogeneous, maps.reshape(-1, 4, 3))
        return result
