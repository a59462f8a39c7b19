"""What is seen of colours."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array

XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color: str) -> Array:
    values = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    dark, bright = sorted(float(XYZ[1] @ linear(c)) for c in (one, other))
    return (bright + 0.05) / (dark + 0.05)
