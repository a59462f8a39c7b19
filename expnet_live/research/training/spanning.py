"""Widens the named components until they span what varies within a person.

Components that keep to their regions miss some of that, mostly on brows and forehead. We turn the space that they
span towards the principal components of the variation, no further than needed, and move each component along.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array

_HALVINGS = 30


def spanning(fields: Array, within: Array, share: float) -> Array:
    """Components (K, D) like `fields` whose space explains `share` of the covariance `within` (D, D).

    Of all spaces of K dimensions with that share, theirs overlaps most with that of `fields`: it is spanned by the
    leading eigenvectors of within / trace + w P, where P projects onto the space of `fields`. The components turn with
    their space (orthogonal Procrustes), which keeps their lengths and angles, and their mirror images if `within` has
    them. They are `fields` if these explain enough, and span the principal components if nothing else does.
    """
    start, shape = np.linalg.qr(fields.astype(np.float64).T)
    covariance = within / np.trace(within)
    if explained(start, covariance) >= share:
        return fields
    held = start @ start.T
    least, most = 0.0, 1.0  # of the weight w
    space = _leading(covariance, len(fields))
    for _ in range(_HALVINGS):
        weight = (least + most) / 2
        wider = _leading(covariance + weight * held, len(fields))
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
