"""From the teacher's scores to targets: 0 for a face at rest, 1 for the full action.

The teacher's scores are right in order, not in strength: a wide mouth gets .75 of jawOpen, a strong frown .3. A line
for each action takes the scores of faces at rest to 0 and the strongest among expressive photos and clips to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR
from expnet_live.core.types import Array
from expnet_live.research.training.array_file import ArrayFile

REST, FULL = 30, 99.7  # percentiles of the scores
LOWEST, HIGHEST = -0.3, 1.25  # a target beyond these says no more
_LEAST_SPAN = 0.05
# What the pictures hardly hold at its full: their strongest is not the full action.
_LEAST_FULL: Mapping[str, float] = {
    "jawLeft": 0.35, "jawRight": 0.35, "mouthLeft": 0.4, "mouthRight": 0.4, "mouthClose": 0.3, "mouthFunnel": 0.3,
    "mouthFrownLeft": 0.3, "mouthFrownRight": 0.3, "mouthShrugUpper": 0.3,
}  # fmt: skip
# What the teacher does not see: its scores never leave 0.
BLIND = (
    "jawForward",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
# What it sees, but poorly: made pictures have more of a say.
DOUBTFUL: Mapping[str, float] = {"jawLeft": 0.3, "jawRight": 0.3, "mouthLeft": 0.6, "mouthRight": 0.6}
_BLURRED_WEIGHT = 0.15
_BLIND_WEIGHT = 0.05  # of "not done", so that a face in a photo is not told to puff its cheeks


@dataclass
class Strengths(ArrayFile):
    """The scores (52,) of a face at `rest` and of the `full` action."""

    rest: Array
    full: Array

    @classmethod
    def learned(cls, scores: Array, is_clip: Array) -> Strengths:
        """From scores (N, 52) of training pictures; `is_clip` (N,): frames of clips, whose strongest count, too."""
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
        """Strengths (..., 52) of scores."""
        return np.asarray((scores - self.rest) / self.span)


@dataclass(frozen=True)
class Targets:
    """What a network shall say (N, 52), and how much each of it counts (N, 52), 0..1."""

    values: Array
    weights: Array


def targets(scores: Array, mirrored: Array, strengths: Strengths, eyes_blurred: Array, exact: Array) -> Targets:
    """Of N pictures from the looks at them and at their mirror images (N, 52).

    An action on which these disagree counts less. `eyes_blurred` (N,): in such pictures eyes count little.
    `exact` (N,): for those `scores` are strengths already, and all of them true.
    """
    mean = (scores + mirrored) / 2
    values = np.where(exact[:, None], scores, strengths.of(mean))
    apart = np.abs(scores - mirrored) / strengths.span
    sd = np.nanstd(values[~exact], axis=0) if (~exact).any() else np.ones(len(ARKIT))
    sd = (sd + sd[MIRROR]) / 2
    weights = 1 / (1 + (apart / np.maximum(0.6 * sd, 0.05)) ** 2)
    for name in BLIND:
        weights[~exact, INDEX[name]], values[~exact, INDEX[name]] = _BLIND_WEIGHT, 0.0
    eyes = np.array([name.startswith("eye") for name in ARKIT])
    weights[eyes_blurred[:, None] & eyes] *= _BLURRED_WEIGHT
    for name, share in DOUBTFUL.items():
        weights[:, INDEX[name]] *= share
    weights[exact] = 1
    known = np.isfinite(values)
    values = np.clip(np.where(known, values, 0), LOWEST, HIGHEST)
    return Targets(values.astype(np.float32), np.where(known, weights, 0).astype(np.float32))
