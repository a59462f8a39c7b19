"""Undoes the teacher's lean: where a head is turned, it scores the sides of a face differently without any action.

In photos, the turn explains a third of the difference between left and right of raised brows and pressed lips. That
part is removed from the targets. What remains is one-sided expression.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import ARKIT, MIRROR
from expnet_live.core.types import Array


def levelled(values: Array, rotation: Array, weights: Array) -> Array:
    """`values` (N, 52) of actions without the part of (left - right) that the heads' `rotation` (N, 3) explains.

    Glances stay: people look at the camera, so that their eyes truly follow the turn. `weights` (N, 52) as in a fit
    by least squares.
    """
    pitch, yaw, _ = rotation.T
    turn = np.stack([yaw, yaw * pitch, yaw * np.abs(yaw)], axis=1)
    result = np.array(values, np.float32)
    for left, right in enumerate(MIRROR):
        if right <= left or ARKIT[left].startswith("eyeLook"):
            continue
        sure = np.sqrt(np.minimum(weights[:, left], weights[:, right]))
        apart = result[:, left] - result[:, right]
        explained, *_ = np.linalg.lstsq(turn * sure[:, None], apart * sure, rcond=None)
        lean = turn @ explained / 2
        result[:, left] -= lean
        result[:, right] += lean
    return result
