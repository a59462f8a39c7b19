"""What the head of the demo clip does when: coefficients, rotation and gaze as smooth functions of time.

Actions are given by how many millimetres they move the point they move most, so that the clip
looks the same whatever a standard deviation is in the face model of the day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel

_SHUT = 10.3  # mm by which a blink that shuts the eye moves the middle of the lid
DURATION = 8.0  # s; the clip ends as it begins


@dataclass(frozen=True)
class Action:
    """Movements (mm) that rise from `start`, are at their height from `high` to `low` and gone at `end` (s)."""

    start: float
    high: float
    low: float
    end: float
    movements: dict[str, float]

    def weight(self, t: float) -> float:
        rise = np.clip((t - self.start) / (self.high - self.start), 0, 1)
        fall = np.clip((self.end - t) / (self.end - self.low), 0, 1)
        s = float(min(rise, fall))
        return s * s * s * (10 - 15 * s + 6 * s * s)


def _both(**coefficients: float) -> dict[str, float]:
    return {name + side: value for name, value in coefficients.items() for side in ("Left", "Right")}


def _blink(at: float) -> Action:
    return Action(at - 0.1, at - 0.01, at + 0.03, at + 0.18, _both(eyeBlink=_SHUT))


ACTIONS = (
    *(_blink(t) for t in (0.45, 2.42, 4.62, 5.55, 7.62)),
    Action(0.75, 1.2, 1.95, 2.45, {**_both(mouthSmile=12.1, eyeSquint=1.6, mouthUpperUp=1.3), "jawOpen": 1.2}),
    Action(2.4, 2.72, 3.1, 3.45, {**_both(browOuterUp=4.8), "browInnerUp": 3.9, "jawOpen": 12.0}),
    Action(3.4, 3.53, 3.66, 3.86, {"eyeBlinkLeft": _SHUT, "mouthSmileLeft": 6.4, "eyeSquintLeft": 1.9}),
    Action(3.86, 3.99, 4.12, 4.32, {"eyeBlinkRight": _SHUT, "mouthSmileRight": 6.4, "eyeSquintRight": 1.9}),
    Action(4.3, 4.6, 4.85, 5.15, {"mouthPucker": 5.6}),
    Action(5.0, 5.3, 5.75, 6.1, _both(browDown=6.5, mouthFrown=2.2, mouthSmile=-6.4)),
    Action(6.0, 6.25, 6.4, 6.65, {"jawLeft": 7.8, "mouthLeft": 5.5}),
    Action(6.55, 6.8, 6.95, 7.2, {"jawLeft": -7.8, "mouthLeft": -5.5}),
    Action(7.2, 7.4, 7.6, 7.95, _both(mouthSmile=4.8)),
)

# Time in s, then pitch (down > 0), yaw (to the viewer's right > 0) and roll in degrees.
_HEAD = (
    (0.0, 0, 0, 0), (0.5, 0, 8, 1), (0.95, -1, -7, -1), (1.6, 3, 5, 5), (2.35, 8, 0, 0), (2.8, -6, 0, 0),
    (3.4, 0, 4, 3), (3.8, 2, 8, 6), (4.2, 2, -8, -6), (4.7, 0, 0, 0), (5.3, 5, 0, -2), (5.85, 4, 4, -2),
    (6.4, 0, 30, 0), (6.6, 0, 30, 0), (7.25, 0, -30, 0), (7.4, 0, -30, 0), (8.0, 0, 0, 0),
)  # fmt: skip
# Time in s, then yaw (to the viewer's right > 0) and pitch (up > 0) of both eyes, in degrees.
_GAZE = (
    (0.0, 0, 0), (0.12, 0, 0), (0.2, 20, 2), (0.42, 20, 2), (0.52, -20, 0), (0.8, -20, 0), (0.9, 0, 0), (2.4, 0, 0),
    (2.6, 0, 6), (3.2, 0, 4), (3.4, 0, 0), (4.3, 0, 0), (4.66, 0, -10), (4.95, 0, -10), (5.2, 0, 0), (5.9, 0, 0),
    (6.3, -14, 0), (6.6, -14, 0), (7.1, 14, 0), (7.4, 14, 0), (7.9, 0, 0), (8.0, 0, 0),
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """The state at `time` s: expression (29,) sd, rotation vector (3,) rad, gaze (2, 2) rad as in FaceState."""

    time: float
    expression: Array
    rotation: Array
    gaze: Array


def performance(model: FaceModel, times: Iterable[float], duration: float = DURATION) -> list[Moment]:
    """The moments at `times` of a performance stretched to `duration` s, in the model's coefficients."""
    from scipy.interpolate import PchipInterpolator
    from scipy.spatial.transform import Rotation

    head, gaze = (PchipInterpolator(keys[:, 0], np.radians(keys[:, 1:])) for keys in (np.array(_HEAD), np.array(_GAZE)))
    reach = np.linalg.norm(model.expression, axis=2).max(1)
    moments = []
    for time in times:
        t = min(time / duration, 1.0) * DURATION
        moved = np.zeros(len(model.names))
        for action in ACTIONS:
            if weight := action.weight(t):
                for name, amount in action.movements.items():
                    if name in model.names:
                        moved[model.index(name)] += weight * amount
        rotation = Rotation.from_euler("YXZ", head(t)[[1, 0, 2]]).as_rotvec()
        expression = (moved / reach).astype(np.float32)
        moments.append(Moment(time, expression, rotation, np.tile(gaze(t), (2, 1))))
    return moments
