"""The backdrop behind the head: a soft light on a wall."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtGui import QImage, QPixmap

from expnet_live.core.types import Array

_TILE = 128  # px
Color = tuple[float, float, float]


def backdrop(width: int, height: int, middle: Color, edge: Color) -> QPixmap:
    """A backdrop of that size in pixels, from `middle` to `edge` (sRGB 0..1)."""
    x = (2 * np.arange(width, dtype=np.float32) + 1) / width - 1
    y = 1 - (2 * np.arange(height, dtype=np.float32) + 1) / height
    x *= 0.72 * width / height
    y = 0.72 * (y - 0.12)
    away = np.minimum(x * x + (y * y)[:, None], 1)
    # A gradient over so few levels would show banding: dither it.
    noise = np.tile(_noise(), (-(-height // _TILE), -(-width // _TILE)))[:height, :width]
    pixels = np.full((height, width, 4), 255, np.uint8)
    for channel, (low, high) in enumerate(zip(edge[::-1], middle[::-1], strict=True)):
        pixels[..., channel] = 255 * high + 0.5 + 255 * (low - high) * away + noise
    return QPixmap.fromImage(QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32))


@cache
def _noise() -> Array:
    """Evenly spread noise in -0.5..0.5: interleaved gradient noise (Jimenez, 2014)."""
    at = np.arange(_TILE)
    u = 0.06711056 * at + 0.00583715 * at[:, None]
    noise: Array = np.modf(52.9829189 * np.modf(u)[0])[0].astype(np.float32) - 0.5
    return noise
