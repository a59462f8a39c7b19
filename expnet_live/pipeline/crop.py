"""Crops: the upright squares of a picture that the network gets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import quaternion

if TYPE_CHECKING:
    from expnet_live.pipeline.detection import Detection

CROP_MM = 220.0

# Heights of eyes and mouth of mediapipe's mean face above the model's origin, and its pupil distance (mm).
_EYES_MM, _MOUTH_MM, _PUPILS_MM = 32.4, -34.9, 63.0
# The square that a detector draws around a face, in mm of that face.
BOX_MM = 154.0
# Bias of the longer of two noisy lengths, measured on photos with known poses.
_UNBIASED = 0.96
_MIN_SIDE = 4.0
_LYING = 0.6  # rad of roll beyond which a detection needs a check


@dataclass(frozen=True)
class Crop:
    """A square of the picture, turned upright and scaled to `size` pixels.

    `x`, `y`: its centre and `side`: its side, in pixels of the picture; `roll`: clockwise rotation of
    the face in the picture, radians.
    """

    x: float
    y: float
    side: float
    roll: float
    size: int

    @classmethod
    def of_view(cls, view: WeakPerspective, size: int) -> Crop:
        """The crop of a face with a known pose."""
        return cls(view.x, view.y, max(CROP_MM * view.scale, _MIN_SIDE), roll_of(view.rotation), size)

    @classmethod
    def of_detection(cls, face: Detection, size: int) -> Crop:
        """The first crop of a detected face.

        If the detector does not measure the roll, the eyes give the roll, eyes and mouth the centre, all of them and
        the box the scale.
        """
        box = face.box
        if face.roll is not None:
            return cls(*box.center, max(CROP_MM / BOX_MM * box.w, _MIN_SIDE), face.roll, size)
        right, left, mouth = np.asarray(face.keypoints, np.float64)
        eyes = (right + left) / 2
        roll = math.atan2(left[1] - right[1], left[0] - right[0])
        x, y = eyes + (mouth - eyes) * (_EYES_MM / (_EYES_MM - _MOUTH_MM))
        # A turned head foreshortens one of the distances, so the longest gives the scale.
        tall = math.dist(eyes, mouth) / (_EYES_MM - _MOUTH_MM)
        wide = math.dist(left, right) / _PUPILS_MM
        scale = (max(tall, wide) * _UNBIASED + max(box.w, box.h) / BOX_MM) / 2
        return cls(float(x), float(y), max(CROP_MM * scale, _MIN_SIDE), roll, size)

    @classmethod
    def guesses(cls, face: Detection, size: int) -> tuple[Crop, ...]:
        """Candidates for the first crop of a detection, the most likely first.

        If the face is occluded or only a few pixels in size, a detector often reports it on its side or upside down:
        then the upright square around its box is a guess as well, the better one if the roll comes from keypoints.
        """
        crop = cls.of_detection(face, size)
        if abs(crop.roll) < _LYING:
            return (crop,)
        side = max(CROP_MM / BOX_MM * max(face.box.w, face.box.h), _MIN_SIDE)
        upright = cls(*face.box.center, side, 0.0, size)
        return (upright, crop) if face.roll is None else (crop, upright)

    @property
    def scale(self) -> float:
        """Pixels of the crop per pixel of the picture."""
        return self.size / self.side

    @property
    def matrix(self) -> Array:
        """The similarity (2, 3) from the picture to the crop."""
        a, b = self.scale * math.cos(self.roll), -self.scale * math.sin(self.roll)
        middle = (self.size - 1) / 2
        return np.array([
            [a, -b, middle - a * self.x + b * self.y],
            [b, a, middle - b * self.x - a * self.y],
        ])  # fmt: skip

    @property
    def inverse(self) -> Array:
        """The similarity (2, 3) from the crop to the picture."""
        a, b = math.cos(self.roll) / self.scale, math.sin(self.roll) / self.scale
        middle = (self.size - 1) / 2
        return np.array([
            [a, -b, self.x - (a - b) * middle],
            [b, a, self.y - (a + b) * middle],
        ])  # fmt: skip

    def cut(self, image: Image) -> Image:
        """The crop's pixels (size, size, 3), zero outside of the picture."""
        to_image = self.inverse
        halvings = max(0, round(-math.log2(self.scale)))
        if halvings:
            # warpAffine looks at four pixels only: average blocks first, or a big face aliases.
            block = 2**halvings
            reach = self.side / 2 * (abs(math.cos(self.roll)) + abs(math.sin(self.roll))) + block
            x0, x1 = _span(self.x, reach, image.shape[1], block)
            y0, y1 = _span(self.y, reach, image.shape[0], block)
            if x1 <= x0 or y1 <= y0:
                return np.zeros((self.size, self.size, 3), np.uint8)
            image = _block_means(image[y0:y1, x0:x1], halvings)
            middle = (block - 1) / 2  # of the first block
            x, y = (self.x - x0 - middle) / block, (self.y - y0 - middle) / block
            to_image = Crop(x, y, self.side / block, self.roll, self.size).inverse
        return cv2.warpAffine(
            image, to_image, (self.size, self.size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0
        )

    def to_image(self, view: WeakPerspective) -> WeakPerspective:
        """Convert a pose in the crop to the picture's pixels."""
        return view.transformed(self.inverse)


def roll_of(rotation: Array) -> float:
    """Clockwise rotation in the picture, radians, of a head with that rotation vector (3,).

    This is the twist about the viewing axis, which is stable for heads turned far to a side or down,
    unlike the line through the eyes or along the nose.
    """
    # The twist is given by w and z of the rotation's quaternion.
    _, _, z, w = quaternion(rotation)
    twist = 2 * math.atan2(z, w)
    return -math.remainder(twist, 2 * math.pi)


def _span(center: float, reach: float, length: int, block: int) -> tuple[int, int]:
    """The part of a picture's side that is within reach, in whole blocks where the picture has them."""
    start, end = max(0, math.floor(center - reach)), math.ceil(center + reach) + 1
    return start, min(length, start + -(-(end - start) // block) * block)


def _block_means(image: Image, halvings: int) -> Image:
    """Means of blocks of 2**halvings pixels a side; those at the rim are filled up with zeros."""
    h, w = image.shape[:2]
    block = 2**halvings
    if h % block == w % block == 0:
        return _halved(image, halvings)
    # Only the rim is copied: a large photo has many more pixels.
    means = np.zeros((-(-h // block), -(-w // block), *image.shape[2:]), image.dtype)
    for top, down in _whole_and_rest(h, block):
        for left, across in _whole_and_rest(w, block):
            part = image[top, left]
            bottom, right = -part.shape[0] % block, -part.shape[1] % block
            if bottom or right:
                part = cv2.copyMakeBorder(part, 0, bottom, 0, right, cv2.BORDER_CONSTANT)
            means[down, across] = _halved(part, halvings)
    return means


def _whole_and_rest(length: int, block: int) -> list[tuple[slice, slice]]:
    """Where whole blocks are in a length, and in its means; and where the rest is."""
    whole = length // block
    parts = [(slice(whole * block), slice(whole)), (slice(whole * block, None), slice(whole, None))]
    return [(source, means) for source, means in parts if len(range(length)[source])]


def _halved(image: Image, halvings: int) -> Image:
    """Several halvings are faster than one larger step."""
    for _ in range(halvings):
        image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return image
