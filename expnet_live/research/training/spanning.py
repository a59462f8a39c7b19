"""Widens the named components until they span what varies within a person.

Components that keep to their regions miss some of that, mostly on brows and forehead. We turn the space that they
span towards the principal components of the variation, no further than needed, and move each component along.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array

_HALVINGS = 14  # more would end where two directions are equally wanted, and find a mixture of both
_MOST = 10.0  # weight of what the components should also span, if the variation leaves them free


def spanning(fields: Array, within: Array, share: float, actions: Array | None = None) -> Array:
    """Components (K, D) like `fields` whose space explains `share` of the covariance `within` (D, D).

    Of all spaces of K dimensions with that share, theirs overlaps most with that of `fields` and with `actions`
    (M, D), which count alike: it is spanned by the leading eigenvectors of within / trace + w (P / K + A / M), where P
    projects onto the space of `fields` and A is the second moment of unit actions. The components turn with their space
    (orthogonal Procrustes), which keeps their lengths and angles, and their mirror images if the others have them.
    If no space explains so much, it is the principal one.
    """
    start, shape = np.linalg.qr(fields.astype(np.float64).T)
    covariance, wanted = within / np.trace(within), start @ start.T / len(fields)
    if actions is not None:
        unit = actions / np.linalg.norm(actions, axis=1, keepdims=True)
        wanted = wanted + unit.T @ unit / len(unit)
    least, most = 0.0, _MOST  # of the weight w
    space = _leading(covariance, len(fields))
    for _ in range(_HALVINGS):
        weight = (least + most) / 2
        wider = _leading(covariance + weight * wanted, len(fields))
        if explained(wider, covariance) >= share:
            least, space = weight, wider
        else:
            most = weight
    left, _, right = np.linalg.svd(space.T @ start)
    return np.asarray((space @ (left @ right) @ shape).T.astype(fields.dtype))


def explained(space: Array, within: Array) -> float:
    """The share of a covariance (D, D) in the space of orthonormal columns (D, K)."""
    return float(np.einsum("dk,de,ek->", space, within, space, optimize=True) / np.trace(within))


def _leading(covariance: Array, n: int) -> Array:
    return np.asarray(np.linalg.eigh(covariance)[1][:, ::-1][:, :n])
