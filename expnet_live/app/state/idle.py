"""The motion of the head while there is no face to mirror yet."""

from __future__ import annotations

import math

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.head import Head, expression_of


def idle_pose(seconds: float) -> Array:
    """A rotation vector (3,) with which the head looks around slightly."""
    yaw = 0.16 * math.sin(seconds * 0.9) + 0.05 * math.sin(seconds * 2.1)
    pitch = -0.04 + 0.05 * math.sin(seconds * 0.7 + 1)
    return np.array([-pitch, yaw, 0.03 * math.sin(seconds * 0.5)], np.float32)


def idle_expression(head: Head, seconds: float) -> Array:
    """The head's expression: a faint smile, with an occasional blink."""
    blink = 2.2 * math.exp(-(((seconds % 3.4) - 2.6) ** 2) / 0.006)
    smile = 0.35 + 0.3 * math.sin(seconds * 0.6)
    return expression_of(
        head.names,
        eyeBlinkLeft=blink,
        eyeBlinkRight=blink,
        mouthSmileLeft=smile,
        mouthSmileRight=smile,
        browInnerUp=0.2 * smile,
    )
