"""The appearance of a face, to distinguish people: the network's identity, and light and colours of the inner face.

Light is relative to the face's own, so that a lamp changes little; hair, clothes and background are outside of the
compared area. A linear map, which `expnet-live train likeness` learns from clips, keeps what differs between people
and drops what changes with expression, pose and light (Fisher's linear discriminants).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from expnet_live.core.paths import asset
from expnet_live.core.srgb import lab_from_linear, linear_from_srgb
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.crop import CROP_MM, Crop, roll_of

ASSET = "likeness.npz"
_INNER_MM = CROP_MM * 10 / 16  # side of the compared square
_GRID = 5  # cells per side
_CELLS = _GRID**2
_FINE = 4 * _GRID  # px per side of the picture that is averaged over the cells
_LEAST_CONTRAST = 4.0  # of CIE lightness: below this, noise does not count as a pattern
# Scales that make each part as informative as a standard deviation of identity; measured on clips of 40 people.
_LIGHT, _COLOR = 1.5, 0.15
_SCALE = 7.25  # distance of two faces that are at right angles after the map, so that both distances are alike


@dataclass(frozen=True, eq=False)
class Appearance:
    """`values` (n,) after the map if it is `mapped`, as `measured` otherwise.

    Of one person in two frames of one clip, distances are below 1.4 in 90 % of pairs and below 2.1 in 95 %; between
    people they are above 2.4 in 99 % and above 1.9 in 99.8 %. Without the map, 95 % are below 3.1.
    """

    values: Array
    mapped: bool = False

    @classmethod
    def of(cls, pixels: Image, view: WeakPerspective, identity: Array) -> Appearance:
        """The appearance of the face with the pose `view` in `pixels` (S, S, 3)."""
        values = measured(pixels, view, identity)
        mean, mapping = _likeness()
        if len(mean) != len(values):  # of another network, whose identity is another
            return cls(values)
        return cls((values - mean) @ mapping, mapped=True)

    def distance(self, other: Appearance) -> float:
        """Dissimilarity of two faces: 1 less the cosine after the map, else the sum of the parts' root mean squares."""
        if self.mapped:
            lengths = math.sqrt(float(self.values @ self.values) * float(other.values @ other.values))
            return _SCALE * (1 - float(self.values @ other.values) / max(lengths, 1e-9))
        change = self.values - other.values
        light, color = -3 * _CELLS, -2 * _CELLS
        return _rms(change[:light]) + _rms(change[light:color]) + _rms(change[color:])

    def towards(self, other: Appearance, share: float) -> Appearance:
        """The mean of both, with this weight for the other one."""
        return Appearance(self.values + np.float32(share) * (other.values - self.values), self.mapped)


def measured(pixels: Image, view: WeakPerspective, identity: Array) -> Array:
    """Identity (K,) in sd, light (25,) and color (50,) of the cells of a grid over the face, (K + 75,)."""
    square = Crop(view.x, view.y, max(_INNER_MM * view.scale, 1.0), roll_of(view.rotation), _FINE).cut(pixels)
    cells = cv2.resize(square, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    lab = lab_from_linear(linear_from_srgb(cells.reshape(-1, 3)[:, ::-1]))
    light = lab[:, 0] - lab[:, 0].mean()
    light *= _LIGHT / (light.std() + _LEAST_CONTRAST)
    return np.concatenate([identity, light, _COLOR * lab[:, 1:].ravel()]).astype(np.float32)


@cache
def _likeness() -> tuple[Array, Array]:
    """The learned map: a mean (n,) and a matrix (n, m)."""
    with np.load(asset(ASSET), allow_pickle=False) as z:
        return z["mean"].astype(np.float32), z["map"].astype(np.float32)


def _rms(x: Array) -> float:
    """Root mean square of x (n,), 0 for none."""
    return math.sqrt(float(x @ x) / len(x)) if len(x) else 0.0


_LONG, _SHORT = 10.0, 1.0  # s of a head that faces the camera
# Distances between a face's appearance over _LONG and _SHORT: below 1.5 for one person, above 1.75 for 99 % of pairs
# of people.
_DRIFTING, _DRIFTED = 0.6, 2.4


# Looks that differ so much from all others of the same face, as from another side or behind a hand, are kept besides.
_DIFFERENT, _MOST = 1.4, 6


class Memory:
    """The appearance of a face in the last look, over a long time, recently, and in a few looks that differ."""

    def __init__(self, first: Appearance) -> None:
        self._last = self._long = self._short = first
        self._looks = [first]
        self._seconds = 0.0
        self.another = False  # whether the recent person differs from the previous one

    @property
    def long(self) -> Appearance:
        """The appearance over a long time."""
        return self._long

    def see(self, seen: Appearance, seconds: float, facing: float) -> None:
        """Add another look, that long after the previous one; a head that is turned away says little about identity."""
        self._last = seen
        seconds = min(seconds, 0.2) * facing**4
        self._seconds += seconds
        self._short = self._short.towards(seen, _share(seconds, min(self._seconds, _SHORT)))
        # A person who slowly takes over the track must not be averaged in.
        drift = self._short.distance(self._long)
        if self._seconds < _SHORT or drift < _DRIFTING:
            self._long = self._long.towards(seen, _share(seconds, min(self._seconds, _LONG)))
        self.another = self._seconds > _SHORT and drift > _DRIFTED
        if min(seen.distance(look) for look in self._looks) > _DIFFERENT:
            # The first look is not forgotten.
            self._looks = [self._looks[0], *self._looks[1:][2 - _MOST :], seen]

    def unlikeness(self, seen: Appearance) -> tuple[float, float]:
        """The distance to the last look, and to the long-term appearance or the most similar look of all."""
        return self._last.distance(seen), min(k.distance(seen) for k in (self._long, *self._looks))


def _share(seconds: float, span: float) -> float:
    """The weight of a new value in a mean over `span`."""
    return 1 - math.exp(-seconds / max(span, 1e-3))
