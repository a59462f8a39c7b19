"""The tone of a person's skin, from the lit parts of the cheeks, over time.

A picture alone cannot separate skin from light, so the estimate is careful in two ways. The brightest parts of the
whole picture say how strong the light is: a picture that is bright all over makes the skin darker, and the reverse.
And a colour that is unusual for skin of that lightness counts only in part. Both were fitted to photos of training
people under other exposures and lamps. The whites of the eyes were tried as a reference, and did not help.
`expnet-live evaluate skin` measures the result.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from expnet_live.core.srgb import LUMA, lab_from_linear, linear_from_srgb, srgb_from_lab
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective, facing
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.built_in import face_model
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.percentiles import percentiles

_SIZE = 64  # px of the crop in which the cheeks are sampled
# Discs on the mean face: a point of the Face Mesh, and the radius in mm.
_CHEEKS = ((50, 13.0), (280, 13.0), (205, 9.0), (425, 9.0))
_TURNED = 0.25  # z of a normal below which a point is seen at too much of a slant
_LEAST = 8  # points
_LIT = (50.0, 92.0)  # percentiles of brightness: neither shade nor gloss
_BRIGHT = 97.0  # percentile of a picture's pixels
_SAMPLES = 4000  # of a picture's pixels
# The logarithm of the skin's luminance: a constant, and the weights of those of cheeks and bright parts.
_CONSTANT, _OF_CHEEKS, _OF_BRIGHT = -0.229, 0.936, -0.336
# CIE a and b of skin as polynomials of its lightness, and the shares of a deviation from them that count;
# pictures without colour say nothing about it.
_USUAL = ((-0.01240, 1.419, -20.8), (-0.01152, 1.362, -17.3))
_UNUSUAL, _COLORLESS = (0.5, 0.75), 6.0
_WARMTH = 0.88  # photos are warm with indoor light, and our lamps are white
_DARKEST, _FAIREST = 22.0, 88.0  # CIE lightness
_BLACK = 0.012  # luminance of cheeks below which there is too little light to tell
_EVERY = 0.2  # s between two looks
_SPAN = 5.0  # s over which the tone is averaged


def seen_tone(image: Image, view: WeakPerspective) -> Array | None:
    """CIE Lab (3,) of the skin of a face in a picture, or None if its cheeks cannot be seen."""
    cheeks = _lit_cheeks(image, view)
    if cheeks is None:
        return None
    step = max(1, math.isqrt(image.shape[0] * image.shape[1] // _SAMPLES))
    (bright,) = percentiles(image[::step, ::step].reshape(-1, 3).T[::-1], _BRIGHT)
    light, shown = (math.log(max(float(c @ LUMA), 1e-3)) for c in (linear_from_srgb(bright), cheeks))
    seen = lab_from_linear(cheeks)
    lightness = _lightness(math.exp(_CONSTANT + _OF_CHEEKS * shown + _OF_BRIGHT * light))
    lightness = min(max(lightness, _DARKEST), _FAIREST)
    colorful = min(1.0, math.hypot(seen[1], seen[2]) / _COLORLESS)
    own = min(max(float(seen[0]), _DARKEST), _FAIREST)
    colors = [
        np.polyval(usual, lightness) + share * colorful * (value - np.polyval(usual, own))
        for usual, value, share in zip(_USUAL, seen[1:], _UNUSUAL, strict=True)
    ]
    return np.array([lightness, *(_WARMTH * c for c in colors)], np.float32)


class SkinTone:
    """The tone of one person's skin over several seconds."""

    def __init__(self) -> None:
        self._mean: Array | None = None
        self._weight = 0.0
        self._seen = -math.inf

    def add(self, image: Image, view: WeakPerspective, time: float) -> Array | None:
        """The tone after this picture, sRGB (3,) 0..255 as in FaceState; None until the cheeks have been seen."""
        if not 0 <= time - self._seen < _EVERY:
            step = min(max(time - self._seen, _EVERY), 1.0)
            self._seen = time
            tone = seen_tone(image, view)
            if tone is not None:
                # Until the span is full, all looks count the same.
                weight = step * max(facing(view.rotation), 0.1) ** 2
                self._weight = min(self._weight + weight, _SPAN)
                share = np.float32(weight / self._weight)
                self._mean = tone if self._mean is None else self._mean + share * (tone - self._mean)
                self._rgb = srgb_from_lab(self._mean)
        return None if self._mean is None else self._rgb


def _lightness(luminance: float) -> float:
    """CIE lightness of a luminance 0..1."""
    return 116 * math.cbrt(luminance) - 16 if luminance > 0.008856 else 903.3 * luminance


def _lit_cheeks(image: Image, view: WeakPerspective) -> Array | None:
    """The linear RGB (3,) of the lit parts of the cheeks."""
    points, normals = _cheeks()
    crop = Crop.of_view(view, _SIZE)
    in_crop = view.transformed(crop.matrix)
    x, y, _ = in_crop.project(points).T
    towards = normals @ matrix_from_vector(in_crop.rotation)[2].astype(np.float32)
    across, down = crop.inverse[:, :2] @ np.stack([x, y]) + crop.inverse[:, 2:]
    height, width = image.shape[:2]
    there = (towards > _TURNED) & (across >= 0) & (across < width) & (down >= 0) & (down < height)
    there &= (x > 0) & (x < _SIZE - 1) & (y > 0) & (y < _SIZE - 1)
    if there.sum() < _LEAST:
        return None
    pixels = crop.cut(image)[np.rint(y[there]).astype(np.intp), np.rint(x[there]).astype(np.intp), ::-1]
    colors = linear_from_srgb(pixels)
    brightness = colors @ LUMA
    low, high = percentiles(brightness, *_LIT)
    lit: Array = np.median(colors[(brightness >= low) & (brightness <= high)], axis=0)
    return lit if lit @ LUMA > _BLACK else None


@cache
def _cheeks() -> tuple[Array, Array]:
    """Points (n, 3) mm on the cheeks of the mean face, and their normals (n, 3)."""
    model = face_model()
    head = model.vertices(model.expression_of())
    vertices, normals = head[: model.n_face], model.normals(head)
    near = [np.linalg.norm(vertices - model.mean[center], axis=1) < radius for center, radius in _CHEEKS]
    chosen = np.flatnonzero(np.any(near, axis=0))[::3]
    return vertices[chosen], normals[chosen]
