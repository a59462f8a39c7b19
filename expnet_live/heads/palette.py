"""Default colours of the face: skin, brows and lips painted on the mean face."""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.topology import CONTOURS

SKIN = np.array([224.0, 180.0, 158.0])
LIPS = np.array([196.0, 112.0, 106.0])
BROW = np.array([112.0, 82.0, 66.0])
FLUSH = np.array([222.0, 148.0, 128.0])
SHADOW = np.array([186.0, 138.0, 120.0])

_PX_PER_MM = 4


def default_colors(mean: Array, points: Array) -> Array:
    """RGB 0..255 (V, 3) of face points (V, 3), by their position on the mean face (468, 3) seen from the front."""
    colors = np.tile(SKIN, (len(points), 1))

    def paint(color: Array, amount: Array) -> None:
        colors[:] += amount[:, None] * (color - colors)

    for cheek in (50, 280):
        paint(FLUSH, 0.35 * _blob(points, mean[cheek], 17))
    paint(FLUSH, 0.35 * _blob(points, mean[4], 9))
    for eye in ("right eye", "left eye"):
        paint(SHADOW, 0.3 * inside(mean, points, eye, 2.6))
    outer, inner = inside(mean, points, "lips outer", 0.9), inside(mean, points, "lips inner", 0.5)
    paint(LIPS, 0.9 * np.maximum(outer, inner))
    for brow in ("right brow", "left brow"):
        towards_nose = np.clip((np.abs(points[:, 0]) - 9) / 14, 0.3, 1)
        paint(BROW, 0.85 * towards_nose * inside(mean, points, brow, 0.9))
    return colors


def shine_of_face(mean: Array, points: Array, skin: float) -> Array:
    """Shine (V,) of face points: lips and the tip of the nose shine slightly more than skin."""
    lips = inside(mean, points, "lips outer", 0.9)
    brows = sum(inside(mean, points, b, 1.3) for b in ("right brow", "left brow"))
    nose = _blob(points, mean[4], 9) + 0.6 * _blob(points, mean[151], 14)
    return skin + 0.14 * lips + 0.05 * nose - 0.15 * np.asarray(brows)


def _blob(points: Array, center: Array, radius: float) -> Array:
    return np.exp(-(((points - center) / radius) ** 2).sum(1))


def inside(mean: Array, points: Array, contour: str, softness: float) -> Array:
    """Whether points (V, 3) are inside a contour seen from the front, 0..1, with a soft edge of some mm."""
    outline = mean[list(CONTOURS[contour]), :2]
    low = outline.min(0) - 4 * softness - 1
    size = np.ceil((outline.max(0) - low + 4 * softness + 1) * _PX_PER_MM).astype(int)
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [np.round((outline - low) * _PX_PER_MM).astype(np.int32)], 255)
    blurred = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), softness * _PX_PER_MM)
    x, y = np.clip(np.round((points[:, :2] - low) * _PX_PER_MM), 0, size - 1).astype(int).T
    return blurred[y, x]
