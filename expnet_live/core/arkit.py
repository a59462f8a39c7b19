"""The 52 blendshapes of ARKit: their names in Apple's order, and how they mirror.

"Left" is the person's left (x > 0 in our frame). A weight is 0 at rest and 1 for the full action.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARKIT: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
    "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
N_BLENDSHAPES = len(ARKIT)
INDEX: Mapping[str, int] = {name: i for i, name in enumerate(ARKIT)}


def mirrored_name(name: str) -> str:
    """The name of the same action on the other side."""
    return name.replace("Left", "@").replace("Right", "Left").replace("@", "Right")


def plain_action(name: str) -> str:
    """The name of an action without its side."""
    return name.removesuffix("Left").removesuffix("Right")


# Of the whole face to one side or the other; all other names with a side mean the left or the right part of the face.
SIDEWAYS: tuple[tuple[str, str], ...] = (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"))
WHOLE: tuple[str, ...] = tuple(name for pair in SIDEWAYS for name in pair)

# `weights[MIRROR]` are those of the face's mirror image.
MIRROR: NDArray[Any] = np.array([INDEX[mirrored_name(name)] for name in ARKIT])
# What turns the eyes.
LOOKS: tuple[str, ...] = tuple(n for n in ARKIT if n.startswith("eyeLook"))

# The left one of each pair that can act alone; eyes look together.
SIDED: tuple[str, ...] = tuple(n for n in ARKIT if n.endswith("Left") and n not in WHOLE and "Look" not in n)


class Blendshapes(np.ndarray[Any, np.dtype[Any]]):
    """Weights (..., 52) in the order of ARKIT, an array whose last axis also goes by their names.

    >>> weights = blendshapes_of(jawOpen=0.5).view(Blendshapes)
    >>> float(weights["jawOpen"]), float(weights[INDEX["jawOpen"]])
    (0.5, 0.5)
    """

    def __getitem__(self, key: Any) -> Any:
        """The weight of a name, or what an array gives. Raises KeyError for a name that is not ARKit's."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        if self.shape[-1:] != (N_BLENDSHAPES,):  # a part of one
            raise KeyError(key)
        return self.view(np.ndarray).T[INDEX[key]].T


def blendshapes_of(**weights: float) -> NDArray[Any]:
    """Weights (52,) float32 from named ones; the others are 0. Raises KeyError for a name that is not ARKit's.

    >>> float(blendshapes_of(jawOpen=0.5)[ARKIT.index("jawOpen")])
    0.5
    """
    out = np.zeros(N_BLENDSHAPES, np.float32)
    for name, weight in weights.items():
        out[INDEX[name]] = weight
    return out
