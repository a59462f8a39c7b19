"""Similarity alignment of point sets (Procrustes analysis), batched."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array


def align_similarity(points: Array, target: Array, weights: Array) -> tuple[Array, Array]:
    """Align each of the points (N, P, 3) with target (P, 3) or (N, P, 3) by its best weighted similarity.

    Returns the moved points and the rotations (N, 3, 3) that turn the target into the pose of the
    points. Umeyama, *Least-squares estimation of transformation parameters*, 1991.
    """
    w = weights / weights.sum()
    target = np.broadcast_to(target, points.shape)
    center = np.einsum("p,npi->ni", w, points)[:, None]
    target_center = np.einsum("p,npi->ni", w, target)[:, None]
    a, b = points - center, target - target_center
    u, s, vt = np.linalg.svd(np.einsum("p,npi,npj->nij", w, a, b))
    sign = np.ones((len(points), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(1) / np.einsum("p,npi,npi->n", w, a, a)
    return scale[:, None, None] * (a @ rotation) + target_center, rotation


def similarity(points: Array, target: Array, weights: Array) -> tuple[float, Array, Array]:
    """Scale, rotation (3, 3) and translation (3,) of the best weighted fit of points (P, 3) to target (P, 3):
    `scale * points @ rotation + translation`. Umeyama, 1991."""
    w = weights / weights.sum()
    a, b = points - w @ points, target - w @ target
    u, s, vt = np.linalg.svd((a * w[:, None]).T @ b)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / (w @ (a * a).sum(1)))
    return scale, rotation, w @ target - scale * (w @ points) @ rotation


def weighted_mean_shape(points: Array, start: Array, mirror: Array, rounds: int = 8) -> tuple[Array, Array]:
    """Symmetric frontal mean (P, 3) of points (N, P, 3), and the weights (P,) used for it.

    Points that move little between faces weigh more, so that jaw and brows do not tilt the head.
    `mirror` (P,) maps each point to its mirror image. Frontal: forehead and chin equally deep.
    """
    mean, weights = frontal(start, mirror), np.ones(len(start))
    for _ in range(rounds):
        aligned, _ = align_similarity(points, mean, weights)
        mean = frontal(aligned.mean(0), mirror)
        spread = aligned.var(0).sum(1)
        weights = 1 / (spread + 0.5 * np.median(spread))
    return mean, weights / weights.mean()


FOREHEAD, CHIN, IRIS_RIGHT, IRIS_LEFT = 10, 152, 468, 473
PUPIL_DISTANCE_MM = 63.0


def frontal(shape: Array, mirror: Array) -> Array:
    """`shape` (478, 3) made symmetric, upright, centred on its 468 face points, pupils 63 mm apart."""
    m = (shape + (shape * [-1, 1, 1])[mirror]) / 2
    dy, dz = (m[FOREHEAD] - m[CHIN])[1:]
    c, s = dy / np.hypot(dy, dz), dz / np.hypot(dy, dz)
    m = m @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    m = m - m[:468].mean(0)
    result: Array = m * (PUPIL_DISTANCE_MM / np.linalg.norm(m[IRIS_LEFT] - m[IRIS_RIGHT]))
    return result
