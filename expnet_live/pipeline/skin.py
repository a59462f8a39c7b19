"""The tone of a person's skin, from the lit parts of the cheeks, over time.

A picture alone cannot separate skin from light, so the estimate is careful in three ways. The brightest parts of the
whole picture say how strong the light is: a picture that is bright all over makes the skin darker, and the reverse. A
window or a lamp behind the face says nothing of its light: what dazzles and is brighter than the face's own brightest
parts does not count.
Where cheeks and brightest parts have the same cast, it is the lamp's and hardly counts. And a colour that is unusual
for skin of that lightness counts only in part, never beyond what real skin has. The shares were fitted to photos under
other exposures and lamps. The whites of the eyes were tried as a reference, and did not help. `expnet-live evaluate
skin` measures the result.
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
_FACE = slice(13, 51)  # of the crop's rows and columns: the face without what is around it
# Logarithms of luminance: what is brighter than both is behind the face, the first beyond the face's brightest parts.
_BEHIND, _DAZZLING = 0.2, -0.8
# The logarithm of the skin's luminance: a constant, and the weights of those of cheeks and bright parts.
_CONSTANT, _OF_CHEEKS, _OF_BRIGHT = -0.229, 0.936, -0.336
# Colours are the logarithms of red and of blue over green. That of skin under a white lamp as polynomials of the
# logarithm of its luminance; the share of a deviation that counts, and of the lamp in it that does not; the limit.
_USUAL = ((-0.134, -0.621, 0.054), (0.121, 0.480, -0.010))
_UNUSUAL, _OF_LAMP, _MOST = np.array([0.6, 0.75]), np.array([0.8, 0.9]), np.array([0.16, 0.22])
_COLORLESS = 0.2  # pictures with less say nothing about the colour
_DARKEST, _FAIREST = -3.35, -0.33  # logarithms of luminance: 22 and 88 of CIE lightness
_BLACK = 0.012  # luminance of cheeks below which there is too little light to tell
_EVERY = 0.2  # s between two looks
_SPAN = 5.0  # s over which the tone is averaged


def seen_tone(image: Image, view: WeakPerspective) -> Array | None:
    """CIE Lab (3,) of the skin of a face in a picture, or None if its cheeks cannot be seen."""
    crop = Crop.of_view(view, _SIZE)
    pixels = crop.cut(image)
    cheeks = _lit_cheeks(pixels, crop, view, image.shape)
    if cheeks is None:
        return None
    step = max(1, math.isqrt(image.shape[0] * image.shape[1] // _SAMPLES))
    lamp, on_face = _bright(image[::step, ::step]), _bright(pixels[_FACE, _FACE])
    light, shown = _log_luminance(lamp), _log_luminance(cheeks)
    light = min(light, max(_log_luminance(on_face) + _BEHIND, _DAZZLING))
    own = _limited(_CONSTANT + _OF_CHEEKS * shown + _OF_BRIGHT * light)
    seen = _color(cheeks)
    colorful = min(1.0, math.hypot(*seen) / _COLORLESS)
    unusual = seen - _usual(_limited(shown))
    unusual = colorful * _UNUSUAL * (unusual - _OF_LAMP * _shared(unusual, _color(lamp)))
    red, blue = np.exp(_usual(own) + _MOST * np.tanh(unusual / _MOST))
    ratios = np.array([red, 1.0, blue])
    return lab_from_linear(ratios * math.exp(own) / (ratios @ LUMA))


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


def _bright(image: Image) -> Array:
    """The linear RGB (3,) of the brightest parts."""
    (bright,) = percentiles(image.reshape(-1, 3).T[::-1], _BRIGHT)
    return linear_from_srgb(bright)


def _log_luminance(linear: Array) -> float:
    return math.log(max(float(linear @ LUMA), 1e-3))


def _limited(log_luminance: float) -> float:
    return min(max(log_luminance, _DARKEST), _FAIREST)


def _color(linear: Array) -> Array:
    """The logarithms (2,) of red and blue over green."""
    red, green, blue = np.log(np.maximum(linear, 2e-3))
    return np.array([red - green, blue - green])


def _shared(one: Array, other: Array) -> Array:
    """The smaller of two deviations (2,) to the same side, 0 of those to different ones."""
    return np.where(one * other > 0, np.sign(one) * np.minimum(np.abs(one), np.abs(other)), 0.0)


def _usual(log_luminance: float) -> Array:
    """That colour (2,) of skin of a luminance."""
    return np.array([np.polyval(usual, log_luminance) for usual in _USUAL])


def _lit_cheeks(pixels: Image, crop: Crop, view: WeakPerspective, shape: tuple[int, ...]) -> Array | None:
    """The linear RGB (3,) of the lit parts of the cheeks, in the `pixels` of a crop from a picture of that shape."""
    points, normals = _cheeks()
    in_crop = view.transformed(crop.matrix)
    x, y, _ = in_crop.project(points).T
    towards = normals @ matrix_from_vector(in_crop.rotation)[2].astype(np.float32)
    across, down = crop.inverse[:, :2] @ np.stack([x, y]) + crop.inverse[:, 2:]
    height, width = shape[:2]
    there = (towards > _TURNED) & (across >= 0) & (across < width) & (down >= 0) & (down < height)
    there &= (x > 0) & (x < _SIZE - 1) & (y > 0) & (y < _SIZE - 1)
    if there.sum() < _LEAST:
        return None
    seen = pixels[np.rint(y[there]).astype(np.intp), np.rint(x[there]).astype(np.intp), ::-1]
    colors = linear_from_srgb(seen)
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
