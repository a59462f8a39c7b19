"""Converts ARKit's 52 actions to other sets: VRM's presets, VTube Studio's inputs, action units.

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
        return np.clip(np.asarray(blendshapes) @ self.matrix.T + self.constant, self.low, self.high)

    def named(self, blendshapes: Array) -> dict[str, float]:
        return dict(zip(self.names, self.values(blendshapes).tolist(), strict=True))


# The intensities of FACS that OpenFace 2 writes, 0..5. They are not calibrated to human coders.
ACTION_UNITS = Channels.of(
    {
        "AU01": {"browInnerUp": 1},
        "AU02": {"browOuterUp*": 1},
        "AU04": {"browDown*": 1},
        "AU05": {"eyeWide*": 1},
        "AU06": {"cheekSquint*": 1},
        "AU07": {"eyeSquint*": 1},
        "AU09": {"noseSneer*": 1},
        "AU10": {"mouthUpperUp*": 1},
        "AU12": {"mouthSmile*": 1},
        "AU14": {"mouthDimple*": 1},
        "AU15": {"mouthFrown*": 1},
        "AU17": {"mouthShrugLower": 1},
        "AU20": {"mouthStretch*": 1},
        "AU23": {"mouthPress*": 1},
        "AU25": {"jawOpen": 1, "mouthClose": -1, "mouthLowerDown*": 0.5, "mouthUpperUp*": 0.5},
        "AU26": {"jawOpen": 1},
        "AU45": {"eyeBlink*": 1},
    },
    high=5.0,
    scale=5.0,
)
# Presence of further action units.
LIP_SUCK = Channels.of({"AU28": {"mouthRollLower": 0.5, "mouthRollUpper": 0.5}}, high=5.0, scale=5.0)

# VRM 1's presets. Fallbacks for avatars without Perfect Sync, whose clips are named after ARKit's actions.
_VRM: dict[str, Formula] = {
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
_VRM_0 = {
    "aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "blinkLeft": "Blink_L", "blinkRight": "Blink_R",
    "happy": "Joy", "angry": "Angry", "sad": "Sorrow", "relaxed": "Fun",
}  # fmt: skip
VRM_1 = Channels.of(_VRM)
VRM_0 = Channels.of({_VRM_0[name]: formula for name, formula in _VRM.items() if name in _VRM_0})

# VTube Studio's inputs for the face alone, by the usual formulas.
_VTS: dict[str, Formula] = {
    "MouthSmile": {
        "1": 0.5, "mouthFrown*": -0.5, "mouthPucker": -0.25, "mouthSmile*": 0.5, "mouthDimple*": 0.25,
    },
    "MouthOpen": {
        "jawOpen": 1, "mouthClose": -1, "mouthRollLower": -0.2, "mouthRollUpper": -0.2, "mouthFunnel": 0.2,
    },
    "Brows": {"1": 0.5, "browOuterUp*": 1, "browDown*": -1},
    "BrowLeftY": {"1": 0.5, "browOuterUpLeft": 1, "browDownLeft": -1, "mouthRight": 0.125, "mouthLeft": -0.125},
    "BrowRightY": {"1": 0.5, "browOuterUpRight": 1, "browDownRight": -1, "mouthLeft": 0.125, "mouthRight": -0.125},
    "EyeOpenLeft": {"1": 0.5, "eyeBlinkLeft": -0.8, "eyeWideLeft": 0.8},
    "EyeOpenRight": {"1": 0.5, "eyeBlinkRight": -0.8, "eyeWideRight": 0.8},
    "CheekPuff": {"cheekPuff": 1},
    "TongueOut": {"tongueOut": 1},
    "FaceAngry": {"browDown*": 0.7, "noseSneer*": 0.3},
}  # fmt: skip
VTUBE_STUDIO = Channels.of(_VTS)
