"""How far the numbers of a face can be believed, from how it is seen: size, blur, cover, turn and light.

`expnet-live evaluate quality` draws people whose truth is known, and fitted the weights below to the error of the
network under all of these conditions; the model card has its table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective, facing
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.percentiles import percentiles

# The logarithm of the error grows by these amounts from 0 to 1 of each condition.
_WEIGHTS = np.array([0.21, 0.15, 0.35, 0.26, 0.21])
_BEST = 0.167  # of the sum, in the best tenth of frames

FACE_MM = 145.0  # from cheek to cheek
_INNER, _SIZE = 0.5, 48  # blur and light are measured in this share of a crop, without hair and background; px
_RANGE = (5.0, 95.0)  # percentiles of its brightness that are its darkest and brightest
_SMALLEST, _LARGEST = 12.0, 200.0  # px: below and above, size says no more
_EDGE = 1e-4  # of the confidence, below which its distance from 1 says no more


@dataclass(frozen=True)
class Conditions:
    """How a face is seen, each 0 at its best and about 1 at its worst.

    `size`: its width in px, on a logarithmic scale from 200 to 12; `blur`: missing detail for its contrast; `cover`:
    how unsure the network is that it sees a whole face; `turn`: how far it looks past the camera, 1 at 60 degrees;
    `light`: missing contrast.
    """

    size: float
    blur: float
    cover: float
    turn: float
    light: float

    @property
    def values(self) -> Array:
        """(5,) in this order."""
        return np.array([self.size, self.blur, self.cover, self.turn, self.light])


def conditions_of(image: Image, view: WeakPerspective, confidence: float) -> Conditions:
    """Of a face with that pose in a picture."""
    width = min(max(view.scale * FACE_MM, _SMALLEST), _LARGEST)
    around = Crop.of_view(view, _SIZE)
    face = cv2.cvtColor(replace(around, side=_INNER * around.side).cut(image), cv2.COLOR_BGR2GRAY)
    dark, bright = percentiles(face.ravel(), *_RANGE)
    detail = cv2.norm(cv2.Laplacian(face, cv2.CV_16S), cv2.NORM_L1) / face.size
    contrast = max(float(bright - dark), 4.0)
    doubt = math.log10(max(1 - confidence, _EDGE) / _EDGE) / 4
    return Conditions(
        size=math.log(_LARGEST / width) / math.log(_LARGEST / _SMALLEST),
        blur=_limited(1 - detail / (0.12 * contrast)),
        cover=_limited(doubt),
        turn=_limited(math.acos(min(facing(view.rotation), 1.0)) / math.radians(60)),
        light=_limited(1 - contrast / 120),
    )


def _limited(value: float) -> float:
    """Within 0..1."""
    return min(max(value, 0.0), 1.0)


def quality_of(image: Image, view: WeakPerspective, confidence: float) -> float:
    """The error of the actions in the best frames over the one that is expected under these conditions, 0..1: at 0.5,
    errors are twice as large as at 1, for the same expression.
    """
    return quality(conditions_of(image, view, confidence).values)


def quality(conditions: Array) -> float:
    """Of conditions (5,), in the order of Conditions."""
    return float(min(math.exp(_BEST - float(_WEIGHTS @ conditions)), 1.0))
