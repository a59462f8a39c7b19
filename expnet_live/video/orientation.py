"""Turns stored pixels into the intended picture: pixel shape, rotation and mirroring."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, SupportsFloat, cast

import cv2
import numpy as np

from expnet_live.core.types import Image

if TYPE_CHECKING:
    from av import VideoFrame

Turn = tuple[bool, bool, bool]  # transpose, then flip left and right, then flip up and down
UPRIGHT: Turn = (False, False, False)
_ODDEST = 8  # largest ratio of width to height, or of height to width: larger ones are errors


def square_pixels(image: Image, ratio: SupportsFloat | None) -> Image:
    """The picture (H, W, 3) with square pixels instead of ones of `ratio` (width / height); it only grows."""
    shape = float(ratio or 1)
    if shape == 1 or not 1 / _ODDEST <= shape <= _ODDEST:
        return image
    h, w = image.shape[:2]
    size = (round(w * shape), h) if shape > 1 else (w, round(h / shape))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def display_turn(frame: VideoFrame) -> Turn:
    """The orientation of a frame's display matrix, rounded to the nearest of the eight upright ones."""
    from av.sidedata.sidedata import SideDataContainer, Type

    # Not frame.side_data: the frame would keep it, and it the frame, until Python looks for circles: 100 MB of frames.
    matrix = cast(Any, SideDataContainer)(frame).get(Type.DISPLAYMATRIX)
    if matrix is None:
        return UPRIGHT
    # x' = a x + c y, y' = b x + d y
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0


def turned(image: Image, turn: Turn) -> Image:
    transpose, left_right, up_down = turn
    # In a fiftieth of the time in which numpy copies a view whose pixels are in another order.
    if transpose:
        image = np.asarray(cv2.transpose(image), np.uint8)
    if left_right or up_down:
        image = np.asarray(cv2.flip(image, -1 if left_right and up_down else int(left_right)), np.uint8)
    return image
