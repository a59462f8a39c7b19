"""Asymmetric faces: eye and brow of one side come from another frame of the same clip.

In photos, left and right move together, so a network trained on them alone cannot distinguish the sides.
"""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.arkit import INDEX, MIRROR
from expnet_live.core.types import Array, Image

_LEFT = np.array([
    INDEX[f"{name}Left"] for name in ("eyeBlink", "eyeSquint", "eyeWide", "browDown", "browOuterUp", "cheekSquint")
])  # fmt: skip
# Face Mesh points around the person's right and left eye and brow, and points that locate that part of the head.
_RIGHT_RING = np.array([
    46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161,
    246, 226, 31, 228, 229, 230, 231, 232, 110, 24, 23, 22, 26, 71, 68, 104, 69, 108, 143, 111, 117, 118,
])  # fmt: skip
_LEFT_RING = np.array([
    276, 283, 282, 295, 285, 300, 293, 334, 296, 336, 263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386,
    387, 388, 466, 446, 261, 448, 449, 450, 451, 452, 339, 254, 253, 252, 256, 301, 298, 333, 299, 337, 372, 340, 346,
    347,
])  # fmt: skip
_MIDDLE = [168, 6, 197, 195, 5, 10, 151, 1, 4]
_RIGHT_STILL, _LEFT_STILL = np.array([*_MIDDLE, 33, 133, 127, 356, 234, 93]), np.array([
    *_MIDDLE, 263, 362, 127, 356, 454, 323,
])  # fmt: skip
_FEATHER = 3.0  # px
_MAX_RELIGHT = 0.35  # log of the ratio of their brightness


def actions_of(left: bool) -> Array:
    """The indices of the actions of that side."""
    return np.asarray(_LEFT if left else MIRROR[_LEFT])


def joined(image: Image, points: Array, other: Image, other_points: Array, left: bool) -> Image | None:
    """`image` with the other's eye and brow on the person's left or right, or None if light or pose do not fit.

    points (468, 2) are Face Mesh's in the pictures.
    """
    ring, still = (_LEFT_RING, _LEFT_STILL) if left else (_RIGHT_RING, _RIGHT_STILL)
    there, _ = cv2.estimateAffinePartial2D(
        other_points[still].astype(np.float32), points[still].astype(np.float32), method=cv2.LMEDS
    )
    if there is None:
        return None
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(other, there, size, borderMode=cv2.BORDER_REPLICATE)
    corners = np.concatenate([points[ring], other_points[ring] @ there[:, :2].T + there[:, 2]])
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.int32)), 255)
    share = cv2.GaussianBlur(mask, (0, 0), _FEATHER).astype(np.float32)[..., None] / 255
    inside = mask > 0
    if not inside.any():
        return None
    light = (image[inside].mean(0) + 1) / (moved[inside].mean(0) + 1)
    if np.abs(np.log(light)).max() > _MAX_RELIGHT:
        return None
    return np.clip(image * (1 - share) + moved * light * share, 0, 255).astype(np.uint8)
