"""Widens the named components until they span what varies within a person.

Components that keep to their regions miss some of that, mostly on brows and forehead. We turn the space that they
span towards the principal components of the variation, no further than needed, and move each component along.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array

_HALVINGS = 20
_MOST = 10.0  # weight of what the components should also span, if the variation leaves them free


def spanning(fields: Array, within: Array, share: float, actions: Array, mirror: Array) -> Array:
    """Components (K, D) like `fields` whose space explains `share` of the covariance `within` (D, D).

    Of all spaces of K dimensions with that share, theirs overlaps most with that of `fields` and with `actions`
    (M, D), which count alike: it is spanned by the leading eigenvectors of within / trace + w (P / K + A / M), where P
    projects onto the space of `fields` and A is the second moment of unit actions. The components turn with their space
    (orthogonal Procrustes), which keeps their lengths and angles. If none explains so much, it is the principal one.

    `mirror` (D, D) gives the mirror image of a displacement. All else is to be alike under it: the space keeps as many
    dimensions of symmetric and of asymmetric displacements, and mirror images stay mirror images.
    """
    start, shape = np.linalg.qr(fields.astype(np.float64).T)
    held = start @ start.T
    unit = actions / np.linalg.norm(actions, axis=1, keepdims=True)
    covariance, wanted = within / np.trace(within), held / len(fields) + unit.T @ unit / len(unit)
    sign, vector = np.linalg.eigh((mirror + mirror.T) / 2)
    halves = [vector[:, sign > 0], vector[:, sign < 0]]
    counts = [round(np.trace(half.T @ held @ half)) for half in halves]

    def leading(weight: float) -> Array:
        total = covariance + weight * wanted
        return np.concatenate([
            half @ np.linalg.eigh(half.T @ total @ half)[1][:, ::-1][:, :n]
            for half, n in zip(halves, counts, strict=True)
        ], axis=1)  # fmt: skip

    least, most = 0.0, _MOST  # of the weight w
    for _ in range(_HALVINGS):
        weight = (least + most) / 2
        if explained(leading(weight), covariance) >= share:
            least = weight
        else:
            most = weight
    space = leading(least)
    left, _, right = np.linalg.svd(space.T @ start)
    return np.asarray((space @ (left @ right) @ shape).T.astype(fields.dtype))


def explained(space: Array, within: Array) -> float:
    """The share of a covariance (D, D) in the space of orthonormal columns (D, K)."""
    return float(np.einsum("dk,de,ek->", space, within, space, optimize=True) / np.trace(within))
