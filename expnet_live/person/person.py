"""A person: identity, neutral face, and gains."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.srgb import lab_from_linear, linear_from_srgb, srgb_from_lab
from expnet_live.core.types import Array, alike
from expnet_live.person.ahead import Ahead
from expnet_live.person.curve import Curves
from expnet_live.person.lids import linked

MAX_GAIN = 3.0
HEAD_TURN = "headTurn"  # the gain of the head's rotation
FARTHEST = 1.2  # rad: no gain turns a head further, as no neck does
LEAST_FULL = 0.2  # smallest full action: noise must not become one
_SAME_SKIN, _OTHER_SKIN = 12.0, 24.0  # distances in CIE Lab: one person under two lamps, and certainly two people
MOST_RESTING = 0.7  # largest resting value of an action; the rest of the range is stretched to the full action


@dataclass(frozen=True, eq=False)
class Person:
    """A profile. Calibration sets `identity` (K,), `neutral` (sd, by coefficient name) and `resting` (0..1, by
    ARKit's names); `gains` are by name of coefficients and actions, 1 if missing, and that of `headTurn` multiplies
    how far the shown head turns. `full` (0..1, by ARKit's names) is what the network sees when this person performs an
    action as far as they can, above their rest; 1 if missing.
    `link_blinks`: whether both lids do the same, unless one eye winks.
    `avatars` are curves for avatars, by name, and `avatar` is the chosen one, empty for none. `gestures` are examples
    (n, 55) of the person's own gestures, by name, see `expnet_live.gestures`.
    `terms` are the conditions of the avatars that this person accepted, texts by label, by the avatar's name.
    `skin` is the tone of their skin, sRGB (3,) 0..255, None if unknown. `ahead`, which calibration sets, is how they
    look straight ahead, None if unknown.

    >>> person = Person(neutral={"jawOpen": 0.5}, gains={"jawOpen": 2.0})
    >>> person.corrected(np.array([1.5]), ("jawOpen",))
    array([2.])
    """

    name: str = "Default"
    identity: Array | None = None
    neutral: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)
    full: dict[str, float] = field(default_factory=dict)
    avatars: dict[str, Curves] = field(default_factory=dict)
    avatar: str = ""
    gestures: dict[str, list[list[float]]] = field(default_factory=dict)
    terms: dict[str, dict[str, str]] = field(default_factory=dict)
    skin: Array | None = None
    ahead: Ahead | None = None
    link_blinks: bool = False

    def __eq__(self, other: object) -> bool:
        return alike(self, other)

    @property
    def calibrated(self) -> bool:
        return self.identity is not None or bool(self.neutral)

    def corrected(self, expression: Array, names: tuple[str, ...]) -> Array:
        """An expression (n,) with this person's neutral subtracted, multiplied by the gains."""
        if not self.neutral and not self.gains:
            return expression
        offset = np.array([self.neutral.get(n, 0.0) for n in names], np.float32)
        gain = np.array([self.gains.get(n, 1.0) for n in names], np.float32)
        return (expression - offset) * gain

    @property
    def curves(self) -> Curves:
        """Those of the chosen avatar."""
        return self.avatars.get(self.avatar, {})

    def rested(self, weights: Array) -> Array:
        """Weights (..., 52) scaled so that this person's rest is 0."""
        if not self.resting:
            return weights
        rest = np.array([min(self.resting.get(n, 0.0), MOST_RESTING) for n in ARKIT], np.float32)
        return np.clip((weights - rest) / (1 - rest), 0, 1).astype(np.float32)

    def corrected_blendshapes(self, weights: Array) -> Array:
        """Weights (..., 52) scaled so that this person's rest is 0 and their full action is 1, multiplied by the
        gains, with linked blinks if this person wants them.
        """
        return self.scaled(self.rested(weights))

    def scaled(self, rested: Array) -> Array:
        """The same for weights (..., 52) whose rest is 0 already."""
        if self.gains or self.full:
            rested = self._strengthened(rested)
        return linked(rested) if self.link_blinks else rested

    def _strengthened(self, rested: Array) -> Array:
        full = np.array([max(self.full.get(n, 1.0), LEAST_FULL) for n in ARKIT], np.float32)
        gain = np.array([self.gains.get(n, 1.0) for n in ARKIT], np.float32)
        return np.clip(rested / full * gain, 0, 1).astype(np.float32)

    def turned(self, rotation: Array) -> Array:
        """Rotations (..., 3) rad of the head as they are shown: beside this person's look ahead, if it is known, and
        multiplied by the gain of `headTurn`; NaN stays NaN. Where nothing changes, it is the same array.
        """
        straight = rotation if self.ahead is None else self.ahead.turned(rotation)
        gain = self.gains.get(HEAD_TURN, 1.0)
        if gain == 1:
            return straight
        angle = np.linalg.norm(straight, axis=-1, keepdims=True)
        most = np.maximum(angle, FARTHEST) / np.maximum(angle, 1e-9)
        return (straight * np.minimum(gain, most)).astype(np.float32)

    def with_terms(self, avatar: str, terms: dict[str, str]) -> Person:
        """With the author, the licence and the permitted use of an avatar that this person wears."""
        return replace(self, terms={**self.terms, avatar: terms})

    def with_gain(self, name: str, gain: float) -> Person:
        gains = {k: v for k, v in self.gains.items() if k != name}
        if abs(gain - 1) > 1e-6:
            gains[name] = float(np.clip(gain, 0, MAX_GAIN))
        return replace(self, gains=gains)

    def toned(self, seen: Array | None) -> Array | None:
        """The tone of skin to show where `seen` was measured, both sRGB (3,) 0..255: this person's own, which no lamp
        changes, unless it is so far from the measured one that somebody else must sit there.
        """
        if self.skin is None or seen is None:
            return seen if self.skin is None else self.skin
        own, there = lab_from_linear(linear_from_srgb(np.stack([self.skin, seen])))
        share = np.clip((np.linalg.norm(own - there) - _SAME_SKIN) / (_OTHER_SKIN - _SAME_SKIN), 0, 1)
        return srgb_from_lab(own + share * (there - own))

    def calibrated_as(self, measured: Person) -> Person:
        """With all that a calibration of `measured` has set."""
        return replace(
            self,
            identity=measured.identity,
            neutral=measured.neutral,
            resting=measured.resting,
            skin=measured.skin,
            ahead=measured.ahead,
        )

    def uncalibrated(self) -> Person:
        return replace(self, identity=None, neutral={}, resting={}, skin=None, ahead=None)
