"""What faces do, as the values that gestures are read from."""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Array
from expnet_live.gestures.look import values_of

FPS = 30.0


def values(rotation: tuple[float, float, float] = (0.0, 0.0, 0.0), **weights: float) -> Array:
    """Of a face with these actions, whose name without a side stands for both."""
    both = {}
    for name, weight in weights.items():
        sides = (name,) if name.endswith(("Left", "Right")) or name in WHOLE_NAMES else (f"{name}Left", f"{name}Right")
        both |= dict.fromkeys(sides, weight)
    return values_of(blendshapes_of(**both), np.array(rotation, np.float32))


WHOLE_NAMES = ("jawOpen", "mouthPucker", "cheekPuff", "browInnerUp", "mouthFunnel")


def clip(*parts: tuple[float, Array | None]) -> tuple[Array, list[Array | None]]:
    """Times at 30 a second, and what a face does in each part, of so many seconds."""
    seen = [value for seconds, value in parts for _ in range(round(seconds * FPS))]
    return np.arange(len(seen)) / FPS, seen
