"""Converts ARKit's 52 actions to other sets, such as VRM's presets.

Each set is linear in the 52 weights, then clipped; a table defines it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array

Formula = Mapping[str, float]
"""Weights of actions; a name that ends in `*` stands for both sides, with half the weight each, and `1` is 1."""


@dataclass(frozen=True, eq=False)
class Channels:
    """Names, and each channel's map from the 52 actions: `matrix` (n, 52), `constant` (n,), `low` and `high` (n,)."""

    names: tuple[str, ...]
    matrix: Array
    constant: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, formulas: Mapping[str, Formula], low: float = 0.0, high: float = 1.0, scale: float = 1.0) -> Channels:
        """Raises KeyError for an action that does not exist."""
        n = len(formulas)
        matrix, constant = np.zeros((n, N_BLENDSHAPES), np.float32), np.zeros(n, np.float32)
        for row, formula in enumerate(formulas.values()):
            for action, weight in formula.items():
                if action == "1":
                    constant[row] += weight
                elif action.endswith("*"):
                    for side in ("Left", "Right"):
                        matrix[row, INDEX[action[:-1] + side]] += weight / 2
                else:
                    matrix[row, INDEX[action]] += weight
        limits = np.full(n, low, np.float32), np.full(n, high, np.float32)
        return cls(tuple(formulas), scale * matrix, scale * constant, *limits)

    def values(self, blendshapes: Array) -> Array:
        """(..., n) of weights (..., 52); NaN stays NaN."""
        values = np.asarray(blendshapes) @ self.matrix.T + self.constant
        return np.asarray(np.minimum(np.maximum(values, self.low), self.high))

    def named(self, blendshapes: Array) -> dict[str, float]:
        return dict(zip(self.names, self.values(blendshapes).tolist(), strict=True))


# VRM 1's presets. Fallbacks for avatars without Perfect Sync, whose clips are named after ARKit's actions.
VRM_PRESETS: dict[str, Formula] = {
    "aa": {"jawOpen": 0.5},
    "ih": {"mouthStretch*": 0.5},
    "ou": {"mouthPucker": 1},
    "ee": {"mouthStretch*": 0.5},
    "oh": {"jawOpen": 0.3, "mouthFunnel": 1},
    "blinkLeft": {"eyeBlinkLeft": 1},
    "blinkRight": {"eyeBlinkRight": 1},
    "happy": {"mouthSmile*": 1},
    "angry": {"browDown*": 0.7, "noseSneer*": 0.3},
    "sad": {"mouthFrown*": 0.7, "browInnerUp": 0.3},
    "relaxed": {},
    "surprised": {"eyeWide*": 0.5, "browOuterUp*": 0.5},
}
VRM_0_NAMES = {
    "aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "blinkLeft": "Blink_L", "blinkRight": "Blink_R",
    "happy": "Joy", "angry": "Angry", "sad": "Sorrow", "relaxed": "Fun",
}  # fmt: skip
VRM_1 = Channels.of(VRM_PRESETS)
VRM_0 = Channels.of({VRM_0_NAMES[name]: formula for name, formula in VRM_PRESETS.items() if name in VRM_0_NAMES})
