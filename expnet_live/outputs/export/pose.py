"""The head pose of an exported head."""

from __future__ import annotations

from enum import StrEnum

from expnet_live.core.types import Array
from expnet_live.geometry.rotation import matrix_from_vector


class PoseMode(StrEnum):
    """`none`: the head stays in the model's frame; `rotation`: it rotates there; `full`: it moves as the camera saw
    it.
    """

    NONE = "none"
    ROTATION = "rotation"
    FULL = "full"


def posed(points: Array, rotation: Array, translation: Array, mode: PoseMode) -> Array:
    """Rotate points (V, 3) mm of the model by a rotation vector (3,) and move them by translation (3,) mm."""
    if mode is PoseMode.NONE:
        return points
    turned: Array = points @ matrix_from_vector(rotation).T.astype(points.dtype)
    return turned + translation if mode is PoseMode.FULL else turned
