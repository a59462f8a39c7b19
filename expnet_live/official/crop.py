"""The release's crop of a face box, and the equivalent for detected and tracked faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from expnet_live.core.types import Box, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.crop import CROP_MM, Crop

if TYPE_CHECKING:
    from expnet_live.pipeline.detection import Detection

SIZE = 227
# The average framing of the release's five sample boxes, measured by our own network (292 to 386 mm): the side of the
# crop, and the height of its centre above the origin of our face model.
SIDE_MM, ABOVE_MM = 340.0, 8.0
_EXPANSION = 0.25  # fraction of the box's side, on each side
_LEAST_BOX = 2.0  # px


@dataclass(frozen=True)
class OfficialCrop(Crop):
    """A square of whole pixels, never rotated, scaled to 227 pixels by cubic interpolation."""

    @classmethod
    def of_box(cls, box: Box) -> Self:
        """The square that the release cuts for a face box, step by step and in its single precision.

        The release first pads the picture by whole pixels, which does not change the position of the square.
        """
        side = max(box.w, box.h)
        cx, cy = box.center
        x0, y0, x1, y1 = np.array([cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2], np.float32)
        w, h, less, more = x1 - x0, y1 - y0, np.float32(_EXPANSION), np.float32(1 + _EXPANSION)
        corners = x0 - w * less, y0 - h * less, x0 + w * more, y0 + h * more
        left, top, right, bottom = (int(np.ceil(corner)) for corner in corners)
        # Rounding may have made it a pixel taller than wide.
        square = max(right - left, bottom - top)
        return cls(left + (square - 1) / 2, top + (square - 1) / 2, float(square), 0.0, SIZE)

    @classmethod
    def of_view(cls, view: WeakPerspective, size: int) -> Self:
        return cls._around(view.x, view.y, view.scale)

    @classmethod
    def of_detection(cls, face: Detection, size: int) -> Self:
        seen = Crop.of_detection(face, size)
        return cls._around(seen.x, seen.y, seen.side / CROP_MM)

    @classmethod
    def guesses(cls, face: Detection, size: int) -> tuple[Crop, ...]:
        """A single candidate: the crop is not rotated, whatever the orientation of the face."""
        return (cls.of_detection(face, size),)

    @classmethod
    def _around(cls, x: float, y: float, scale: float) -> Self:
        """The crop of a face with its origin at x, y and that many pixels per mm."""
        side = max(SIDE_MM * scale / (1 + 2 * _EXPANSION), _LEAST_BOX)
        return cls.of_box(Box(x - side / 2, y - ABOVE_MM * scale - side / 2, side, side))

    def cut(self, image: Image) -> Image:
        """The input of the release's networks, (227, 227, 3): its crops pass through JPEG of OpenCV's default
        quality.
        """
        seen: Image = cv2.imdecode(cv2.imencode(".jpg", self.pixels(image))[1], cv2.IMREAD_COLOR)
        return seen

    def pixels(self, image: Image) -> Image:
        """The crop before JPEG, zero outside of the picture."""
        side = int(self.side)
        x0, y0 = (int(v - (side - 1) / 2) for v in (self.x, self.y))
        height, width = image.shape[:2]
        square = np.zeros((side, side, 3), np.uint8)
        left, top = max(0, x0), max(0, y0)
        right, bottom = min(width, x0 + side), min(height, y0 + side)
        if right > left and bottom > top:
            square[top - y0 : bottom - y0, left - x0 : right - x0] = image[top:bottom, left:right]
        return cv2.resize(square, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
