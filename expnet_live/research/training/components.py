"""The 29 expression components: their names, the teacher scores that initialise them, and where they act.

Names are ARKit's, "left" being the person's left (x > 0). Two components are signed shifts
(jawLeft, mouthLeft: negative means to the right), the others come alone or in mirrored pairs;
negative eyeBlink opens the eye wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import mirrored_name
from expnet_live.core.types import Array


@dataclass(frozen=True, eq=False)
class Component:
    """`scores`: teacher score -> weight; `mask` (468,): 1 where the component may act, 0 where not.

    `start` (468, 3) mm: an initial displacement if the teacher's scores give no useful one;
    it keeps asymmetric faces from absorbing it as identity.
    """

    name: str
    scores: dict[str, float]
    mask: Array
    start: Array | None = None


SHIFTS = ("jawLeft", "mouthLeft")


def components(mean: Array, mirror: Array) -> list[Component]:
    """The 29 components for a frontal mean face (468, 3) in mm."""
    x, y, _ = mean[:468].T
    eye = mean[[33, 133, 159, 145, 263, 362, 386, 374], :]
    eye_x, eye_y = float(np.abs(eye[:, 0]).mean()), float(eye[:, 1].mean())
    mouth_y = float(mean[[13, 14], 1].mean())

    def ramp(v: Array, a: float, b: float) -> Array:
        t = np.clip((v - a) / (b - a), 0, 1)
        return np.asarray(t * t * (3 - 2 * t))

    def blob(cx: float, cy: float, rx: float, ry: float) -> Array:
        return np.exp(-((((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2) ** 2))

    left = ramp(x, -22, 8)
    lower = ramp(-y, -(mouth_y + 57), -(mouth_y + 37))
    cheek = ramp(-y, -(mouth_y + 69), -(mouth_y + 49))
    jaw = ramp(-y, -(mouth_y + 69), -(mouth_y + 45))
    brow = ramp(y, eye_y - 5, eye_y + 7)
    lid = blob(eye_x, eye_y, 20, 15)
    squint = blob(eye_x + 2, eye_y - 5, 26, 20)

    # The jaw swings about the ears: the chin moves farthest, the upper lip stays.
    chin_aside = np.zeros((len(x), 3))
    chin_aside[:, 0] = ramp(-y, -mouth_y, 80) * ramp(mean[:468, 2], -45, 0)
    mouth_aside = np.zeros((len(x), 3))
    mouth_aside[:, 0] = blob(0, mouth_y, 42, 24)

    single = [
        Component("jawOpen", {"jawOpen": 1}, jaw),
        Component("jawLeft", {"jawLeft": 1, "jawRight": -1}, lower, start=chin_aside),
        Component("mouthLeft", {"mouthLeft": 1, "mouthRight": -1}, lower, start=mouth_aside),
        Component("mouthPucker", {"mouthPucker": 1}, lower),
        Component("mouthFunnel", {"mouthFunnel": 1}, lower),
        Component("mouthPress", {"mouthPressLeft": 1, "mouthPressRight": 1}, lower),
        Component("mouthRollIn", {"mouthRollLower": 1, "mouthRollUpper": 1}, lower),
        Component("mouthShrug", {"mouthShrugLower": 1}, lower),
        Component("browInnerUp", {"browInnerUp": 1}, brow),
    ]
    paired = [
        Component("mouthSmileLeft", {"mouthSmileLeft": 1}, cheek * left),
        Component("mouthFrownLeft", {"mouthFrownLeft": 1}, lower * left),
        Component("mouthDimpleLeft", {"mouthDimpleLeft": 1}, lower * left),
        Component("mouthStretchLeft", {"mouthStretchLeft": 1}, lower * left),
        Component("mouthUpperUpLeft", {"mouthUpperUpLeft": 1}, cheek * left),
        Component("mouthLowerDownLeft", {"mouthLowerDownLeft": 1}, lower * left),
        Component("eyeBlinkLeft", {"eyeBlinkLeft": 1}, lid),
        Component("eyeSquintLeft", {"eyeSquintLeft": 1}, squint),
        Component("browOuterUpLeft", {"browOuterUpLeft": 1}, brow * left),
        Component("browDownLeft", {"browDownLeft": 1}, brow * left),
    ]
    result = list(single)
    for c in paired:
        scores = {mirrored_name(n): w for n, w in c.scores.items()}
        result += [c, Component(mirrored_name(c.name), scores, c.mask[mirror])]
    return result


def mirror_of(names: list[str]) -> tuple[Array, Array]:
    """The index and the sign of each component's mirror image."""
    sign = np.array([-1.0 if n in SHIFTS else 1.0 for n in names])
    partner = np.array([i if n in SHIFTS else names.index(mirrored_name(n)) for i, n in enumerate(names)])
    return partner, sign
