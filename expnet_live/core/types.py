"""Dataclasses and array aliases that cross the borders between layers.

Conventions, everywhere in this package:

- images are BGR uint8 (H, W, 3); pixel coordinates are x right, y down, an integer being the
  centre of a pixel (OpenCV's convention);
- times are seconds on a monotonic clock;
- meshes are in millimetres with x right (the viewer's), y up, z towards the viewer;
- rotations are rotation vectors in radians; a pose is rotation (3,) and translation (3,) in mm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expnet_live.core.arkit import N_BLENDSHAPES, Blendshapes

Array = NDArray[Any]
Image = NDArray[np.uint8]


def alike(one: object, other: object) -> bool:
    """Whether two dataclasses are of one type and equal in all fields, arrays by their values."""
    if type(one) is not type(other):
        return False
    pairs = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(one))  # type: ignore[arg-type]
    return all(np.array_equal(a, b) if np.ndarray in (type(a), type(b)) else a == b for a, b in pairs)


def checked(name: str, value: Any, shape: tuple[int | None, ...]) -> Array:
    """`value` as a finite float32 array of `shape` (None: any length). Raises ValueError that says what is wrong."""
    array = np.asarray(value, np.float32)
    if array.ndim != len(shape) or any(s is not None and s != n for s, n in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite.")
    return array


def checked_blendshapes(weights: Array) -> Array:
    """`weights` as float32 (52,) within 0..1. Raises ValueError for another shape or values that are not finite."""
    return np.clip(checked("blendshapes", weights, (N_BLENDSHAPES,)), 0, 1)


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source: `image` BGR uint8 (H, W, 3), `timestamp` in seconds, monotonic within the source.

    >>> Frame(np.zeros((480, 640, 3), np.uint8), timestamp=0.0, index=0).image.shape
    (480, 640, 3)
    """

    image: Image
    timestamp: float
    index: int
    source: str = ""


def fault_of_picture(image: object) -> str | None:
    """Why this is no picture, BGR uint8 (H, W, 3), as a sentence; None if it is one."""
    if not isinstance(image, np.ndarray):
        # cv2.imread returns None for a file that is missing or no picture.
        what = "None" if image is None else f"a {type(image).__name__}"
        return f"The picture could not be read: it is {what}, not an array; check the path of its file."
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        return f"A picture must be uint8 (H, W, 3) BGR, not {image.dtype} {image.shape}."
    return None


def fault_of(frame: object) -> str | None:
    """Why this is no frame with a picture and a finite time, as a sentence; None if it is one."""
    if not isinstance(frame, Frame):
        return f"A frame of a source must be a Frame(image, timestamp, index), not a {type(frame).__name__}."
    if (fault := fault_of_picture(frame.image)) is not None:
        return fault
    if not isinstance(frame.timestamp, Real) or not math.isfinite(frame.timestamp):
        return f"A frame needs its time in s, not {frame.timestamp!r}."
    return None


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in pixels: its left upper corner `x`, `y`, its width and height.

    >>> Box(x=10, y=20, w=100, h=50).center
    (60.0, 45.0)
    """

    x: float
    y: float
    w: float
    h: float

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2


@dataclass(frozen=True, eq=False)
class Pose:
    """Head pose in the camera frame: rotation vector (3,) rad, translation (3,) mm (z < 0 in front).

    The rotation is seen along the line of sight (weak perspective): 0 faces the camera, wherever the face is.
    Two poses are equal when all of their values are. Raises ValueError for other shapes or values that are not finite.

    >>> Pose(np.zeros(3), [0, 0, -600]) == Pose(np.zeros(3), [0, 0, -600])
    True
    """

    rotation: Array
    translation: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotation", checked("rotation", self.rotation, (3,)))
        object.__setattr__(self, "translation", checked("translation", self.translation, (3,)))

    def __eq__(self, other: object) -> bool:
        return alike(self, other)

    def __hash__(self) -> int:
        return hash((*self.rotation.tolist(), *self.translation.tolist()))  # 0 and -0 are equal


@dataclass(frozen=True, eq=False)
class FaceState:
    """The state of one face in one frame.

    `expression` (n,) is smoothed, `expression_raw` (n,) is the network's own output, both in standard deviations;
    `identity` (K,) is pooled over time; `gaze` (2, 2) holds yaw (right > 0) and pitch (up > 0) in radians of the eye on
    the viewer's left and the one on the right, in the head's frame (0 looks straight ahead, however the head is
    turned), told by the eyeLook actions if the model has them, or is None if it has none; `gaze_in_camera` has the same
    in the camera's frame. `stages` maps the name of a stage to its time in seconds. `blendshapes` (52,) are ARKit's, in
    the order of core.arkit, smoothed, 0 at rest and 1 for the full action, or None if the model has none;
    `state.blendshapes["jawOpen"]`, or `state["jawOpen"]`, is one of them. `skin` (3,) is the tone of the skin over
    time, sRGB 0..255 as in Head.colors, or None where the cheeks were not seen. `quality`, 0..1, says how far the
    numbers can be believed (see pipeline.quality); None if it was not measured. A state is equal only to itself.

    >>> from expnet_live import Pipeline, open_source
    >>> (state, *_) = Pipeline.load(device="cpu").process(next(iter(open_source("demo"))))
    >>> 0 <= state["jawOpen"] <= 1
    True
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
    skin: Array | None = None
    quality: float | None = None

    def __post_init__(self) -> None:
        if self.blendshapes is not None:
            object.__setattr__(self, "blendshapes", np.asarray(self.blendshapes).view(Blendshapes))

    @property
    def gaze_in_camera(self) -> Array | None:
        """Yaw (right > 0) and pitch (up > 0) of both eyes like `gaze`, (2, 2) rad, but in the camera's frame: 0 looks
        into the camera, wherever the face is and however the head is turned (along the line of sight, as `pose`)."""
        if self.gaze is None:
            return None
        import cv2  # whoever only reads and writes numbers does without it

        x, y, z = cv2.Rodrigues(self.pose.rotation.astype(np.float64))[0] @ directions_of(self.gaze).T
        return np.stack([np.arctan2(x, z), np.arcsin(np.clip(y, -1, 1))], -1)

    def __getitem__(self, name: str) -> float:
        """The blendshape of that name, 0..1. Raises KeyError for an unknown name, or if the model has none."""
        if self.blendshapes is None:
            raise KeyError(f"{name}: this model gives no blendshapes; use `expression`")
        return float(self.blendshapes[name])


def directions_of(gaze: Array) -> Array:
    """Unit vectors (..., 3) of gazes (..., 2): yaw (right > 0) and pitch (up > 0) in radians; 0 looks along z."""
    yaw, pitch = np.moveaxis(np.asarray(gaze, np.float64), -1, 0)
    return np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], -1)
