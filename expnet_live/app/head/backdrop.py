"""What stands behind the head: a soft light on a wall."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage, QPixmap

from expnet_live.types import Array

Color = tuple[float, float, float]


def backdrop(width: int, height: int, middle: Color, edge: Color) -> QPixmap:
    """Of that size in pixels, from sRGB 0..1 `middle` to `edge`."""
    x = (2 * np.arange(width, dtype=np.float32) + 1) / width - 1
    y = 1 - (2 * np.arange(height, dtype=np.float32) + 1) / height
    x *= 0.72 * width / height
    y = 0.72 * (y - 0.12)
    away = np.minimum(x * x + (y * y)[:, None], 1)[..., None]
    low, high = (255 * np.array(c[::-1], np.float32) for c in (edge, middle))
    # A gradient over so few levels would show bands: dither it.
    color = high + (low - high) * away + _noise(width, height)[..., None]
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.clip(color + 0.5, 0, 255)
    return QPixmap.fromImage(QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32))


def _noise(width: int, height: int) -> Array:
    """-0.5..0.5 without clumps: interleaved gradient noise (Jimenez, 2014)."""
    u = 0.06711056 * np.arange(width) + 0.00583715 * np.arange(height)[:, None]
    noise: Array = np.modf(52.9829189 * np.modf(u)[0])[0].astype(np.float32) - 0.5
    return noise
