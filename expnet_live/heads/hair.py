"""The area of the head with hair."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.anatomy import Anatomy
from expnet_live.heads.head import Part

# Height of the hairline (mm) by depth: over the forehead, at the temples, around the ears, on the nape.
_DEPTH = (-10, 0, 12, 30, 48, 62, 70, 78, 86, 94, 102, 112, 130, 170)
_HEIGHT = (88, 86, 80, 64, 42, 14, 4, 20, 32, 22, -2, -30, -58, -66)
FULL = 7.0  # mm of full hair above the skull


def hairiness(anatomy: Anatomy, resting: Array) -> Array:
    """Density of hair 0..1 (V,) at resting vertices (V, 3) mm: behind a line from forehead over temples to nape."""
    x, y, z = resting.T
    line = np.interp(-z, _DEPTH, _HEIGHT)
    line += 5 * np.exp(-(((np.abs(x) - 34) / 10) ** 2)) - 2 * np.exp(-((x / 14) ** 2))
    hair = 1 / (1 + np.exp(-(y - line) / 2.0))
    hair[~np.isin(anatomy.part, (Part.FACE, Part.SHELL))] = 0
    hair *= y > -90
    # There is none below the ears.
    ear = ((y - 16) / 30) ** 2 + ((z + 94) / 18) ** 2 + 9 * (np.abs(x) < 40)
    hair *= 1 / (1 + np.exp(-(ear - 1) / 0.1))
    result: Array = hair.astype(np.float32)
    return result


def lift(hair: Array) -> Array:
    """Offset (mm) along their normals of vertices with that density of hair (V,)."""
    result: Array = FULL * hair**2
    return result
