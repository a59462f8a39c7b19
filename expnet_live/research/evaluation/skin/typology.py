"""The individual typology angle (ITA): how light skin is, as dermatology measures it.

ITA = arctan((L - 50) / b) in degrees, of CIE Lab (Chardon et al. 1991, Skin colour typology and suntanning pathways):
above 55 very light, 41 to 55 light, 28 to 41 intermediate, 10 to 28 tan, -30 to 10 brown, below dark.
"""

from __future__ import annotations

import cv2
import numpy as np

from expnet_live.core.srgb import lab_from_linear, linear_from_srgb, srgb_from_linear
from expnet_live.core.types import Array, Image

# Points of the Face Mesh around each cheek.
_CHEEKS = ((117, 118, 101, 36, 205, 187, 123), (346, 347, 330, 266, 425, 411, 352))
_LIT = (50, 95)  # percentiles of lightness: neither shade nor gloss
EDGES = (10, 28, 41, 55)  # degrees between the types of skin
TYPES = ("brown or dark", "tan", "intermediate", "light", "very light")
_LEAST = 12  # pixels
_COLORLESS = 4  # grey levels between the means of the channels


def ita(linear: Array) -> float:
    """ITA in degrees of a linear RGB (3,)."""
    lightness, _, b = (float(v) for v in lab_from_linear(linear))
    return float(np.degrees(np.arctan2(lightness - 50, b)))


def type_of(angle: float) -> str:
    """The type of skin by its ITA in degrees."""
    return TYPES[int(np.digitize(angle, EDGES))]


def is_grey(image: Image) -> bool:
    return bool(np.ptp(image.reshape(-1, 3).mean(0)) < _COLORLESS)


def cheeks_of(image: Image, points: Array) -> Array | None:
    """The linear RGB (3,) of the lit parts of the cheeks of a photo with Face Mesh points (468, 2), or None if they
    are too small."""
    mask = np.zeros(image.shape[:2], np.uint8)
    for cheek in _CHEEKS:
        cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points[list(cheek)]).astype(np.int32)), 1)
    colors = linear_from_srgb(image[mask > 0][:, ::-1])
    if len(colors) < _LEAST:
        return None
    lightness = lab_from_linear(colors)[:, 0]
    low, high = np.percentile(lightness, _LIT)
    lit: Array = np.median(colors[(lightness >= low) & (lightness <= high)], axis=0)
    return lit


def relit(image: Image, rng: np.random.Generator) -> Image:
    """The photo under another lamp: another exposure, and warmer or colder light."""
    warmth = rng.normal(0, 0.15)
    gain = np.exp(rng.normal(0, 0.35) + np.array([-warmth, rng.normal(0, 0.04), warmth]))  # blue, green, red
    table = srgb_from_linear(np.clip(linear_from_srgb(np.arange(256))[:, None] * gain, 0, 1))
    return np.asarray(cv2.LUT(image, table[:, None, :]))
