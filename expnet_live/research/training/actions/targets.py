"""Converts the teacher's scores to targets: 0 for a neutral face, 1 for the full action.

The teacher ranks expressions well, but its scale is off: a wide mouth gets .75 of jawOpen, a strong frown .3. A linear
map for each action takes the scores of neutral faces to 0 and the strongest of expressive photos and clips to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR
from expnet_live.core.types import Array
from expnet_live.research.training.actions.level import levelled
from expnet_live.research.training.array_file import ArrayFile

REST, FULL = 30, 99.7  # percentiles of the scores
LOWEST, HIGHEST = -0.3, 1.25  # targets are clipped to these
_LEAST_SPAN = 0.05
# Actions rarely at full strength in the pictures: their strongest is not the full action. The widest jaws of our
# pictures open three quarters as far as the rig's, by their landmarks ('evaluate rig').
_LEAST_FULL: Mapping[str, float] = {
    "jawOpen": 0.95, "jawLeft": 0.35, "jawRight": 0.35, "mouthLeft": 0.4, "mouthRight": 0.4, "mouthClose": 0.3,
    "mouthFunnel": 0.3, "mouthFrownLeft": 0.3, "mouthFrownRight": 0.3, "mouthShrugUpper": 0.3,
}  # fmt: skip
# Actions that the teacher does not see: its scores are always 0.
# The weights are those of "absent", so that the network does not see puffed cheeks in photos; of 35,000 pictures,
# hardly any shows a tongue that is out, but many one behind the teeth.
BLIND: Mapping[str, float] = {
    "jawForward": 0.05, "cheekPuff": 0.05, "cheekSquintLeft": 0.05, "cheekSquintRight": 0.05,
    "noseSneerLeft": 0.05, "noseSneerRight": 0.05, "tongueOut": 0.2,
}  # fmt: skip
# Actions that it sees poorly: synthetic pictures have more weight.
DOUBTFUL: Mapping[str, float] = {"jawLeft": 0.3, "jawRight": 0.3, "mouthLeft": 0.6, "mouthRight": 0.6}
_BLURRED_WEIGHT = 0.15


@dataclass
class Strengths(ArrayFile):
    """The scores (52,) of a neutral face (`rest`) and of the `full` action."""

    rest: Array
    full: Array

    @classmethod
    def learned(cls, scores: Array, is_clip: Array) -> Strengths:
        """Compute it from scores (N, 52) of training pictures; `is_clip` (N,): frames of clips, whose strongest also
        count.
        """
        both = np.concatenate([scores, scores[:, MIRROR]])
        frames = np.tile(is_clip, 2)
        told = np.isfinite(both).all(0)
        rest, full = np.zeros(len(ARKIT)), np.ones(len(ARKIT))
        rest[told] = np.percentile(both[:, told], REST, axis=0)
        full[told] = np.percentile(both[:, told], FULL, axis=0)
        if is_clip.any():
            full[told] = np.maximum(full[told], np.percentile(both[frames][:, told], FULL, axis=0))
        for name, least in _LEAST_FULL.items():
            full[INDEX[name]] = max(full[INDEX[name]], least)
        return cls(rest.astype(np.float32), full.astype(np.float32))

    @property
    def span(self) -> Array:
        return np.maximum(self.full - self.rest, _LEAST_SPAN)

    def of(self, scores: Array) -> Array:
        """Convert scores to strengths (..., 52)."""
        return np.asarray((scores - self.rest) / self.span)


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of a network (N, 52), and their weights (N, 52), 0..1."""

    values: Array
    weights: Array


def targets(
    scores: Array, mirrored: Array, rotation: Array, strengths: Strengths, eyes_blurred: Array, exact: Array
) -> Targets:
    """Targets of N pictures from the scores of the pictures and of their mirror images (N, 52).

    An action on which these disagree counts less. The teacher's lean by the `rotation` (N, 3) of the heads is removed.
    `eyes_blurred` (N,): in such pictures, eyes count little. `exact` (N,): for these, `scores` are already true
    strengths.
    """
    mean = (scores + mirrored) / 2
    values = np.where(exact[:, None], scores, strengths.of(mean))
    apart = np.abs(scores - mirrored) / strengths.span
    told = np.isfinite(values[~exact]).any(0)  # not the tongue
    sd = np.ones(len(ARKIT))
    sd[told] = np.nanstd(values[~exact][:, told], axis=0)
    sd = (sd + sd[MIRROR]) / 2
    weights = 1 / (1 + (apart / np.maximum(0.6 * sd, 0.05)) ** 2)
    for name, weight in BLIND.items():
        weights[~exact, INDEX[name]], values[~exact, INDEX[name]] = weight, 0.0
    eyes = np.array([name.startswith("eye") for name in ARKIT])
    weights[eyes_blurred[:, None] & eyes] *= _BLURRED_WEIGHT
    for name, share in DOUBTFUL.items():
        weights[:, INDEX[name]] *= share
    weights[exact] = 1
    known = np.isfinite(values)
    values = np.clip(np.where(known, values, 0), LOWEST, HIGHEST).astype(np.float32)
    weights = np.where(known, weights, 0).astype(np.float32)
    values[~exact] = levelled(values[~exact], rotation[~exact], weights[~exact])
    return Targets(values, weights)
