"""Dataclasses and array aliases that cross the borders between layers.

Conventions, everywhere in this package:

- images are BGR uint8 (H, W, 3); pixel coordinates are x right, y down, an integer being the
  centre of a pixel (OpenCV's convention);
- times are seconds on a monotonic clock;
- meshes are in millimetres with x right (the viewer's), y up, z towards the viewer;
- rotations are rotation vectors in radians; a pose is rotation (3,) and translation (3,) in mm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Image = NDArray[np.uint8]


def checked(name: str, value: Any, shape: tuple[int | None, ...]) -> Array:
    """`value` as a finite float32 array of `shape` (None: any length); ValueError says what is wrong."""
    array = np.asarray(value, np.float32)
    if array.ndim != len(shape) or any(s is not None and s != n for s, n in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite.")
    return array


@dataclass(frozen=True)
class Frame:
    """One picture of a source. `timestamp` in seconds, monotonic within the source."""

    image: Image
    timestamp: float
    index: int
    source: str = ""


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2


@dataclass(frozen=True)
class Pose:
    """Head pose in the camera frame: rotation vector (3,) rad, translation (3,) mm (z < 0 in front)."""

    rotation: Array
    translation: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotation", checked("rotation", self.rotation, (3,)))
        object.__setattr__(self, "translation", checked("translation", self.translation, (3,)))


@dataclass(frozen=True)
class FaceState:
    """What is known of one face in one frame.

    `expression` (n,) is smoothed, `expression_raw` (n,) is the network's own output, both in
    standard deviations; `identity` (K,) is pooled over time; `gaze` (2, 2) holds yaw (right > 0)
    and pitch (up > 0) in radians of the eye on the viewer's left and the one on the right, None
    where the model has none; `stages` maps a stage's name to the seconds it took. `blendshapes` (52,)
    are ARKit's, in the order of core.arkit, smoothed, 0 at rest and 1 for the full action, None where
    the model has none.
    """

    face: int
    frame: int
    timestamp: float
    box: Box
    confidence: float
    expression: Array
    expression_raw: Array
    identity: Array
    pose: Pose
    gaze: Array | None = None
    stages: dict[str, float] = field(default_factory=dict)
    blendshapes: Array | None = None
