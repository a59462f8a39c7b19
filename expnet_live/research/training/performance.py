"""The performance of the demo clip's head: ARKit's actions, rotation and gaze as smooth functions of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.rig import EYE_PITCH, EYE_YAW

DURATION = 8.0  # s; the clip ends in its initial state


@dataclass(frozen=True)
class Action:
    """Strengths (0..1) that rise from `start`, are full from `high` to `low` and are zero again at `end` (s)."""

    start: float
    high: float
    low: float
    end: float
    strengths: dict[str, float]

    def weight(self, t: float) -> float:
        rise = np.clip((t - self.start) / (self.high - self.start), 0, 1)
        fall = np.clip((self.end - t) / (self.end - self.low), 0, 1)
        s = float(min(rise, fall))
        return s * s * s * (10 - 15 * s + 6 * s * s)


def _both(**strengths: float) -> dict[str, float]:
    return {name + side: value for name, value in strengths.items() for side in ("Left", "Right")}


def _blink(at: float) -> Action:
    return Action(at - 0.1, at - 0.01, at + 0.03, at + 0.18, _both(eyeBlink=1.0))


ACTIONS = (
    *(_blink(t) for t in (0.45, 2.42, 4.62, 5.55, 7.62)),
    Action(0.75, 1.2, 1.95, 2.45, {**_both(mouthSmile=0.85, cheekSquint=0.6, eyeSquint=0.5), "jawOpen": 0.08}),
    Action(2.4, 2.72, 3.1, 3.45, {**_both(browOuterUp=0.8, eyeWide=0.6), "browInnerUp": 0.85, "jawOpen": 0.6}),
    Action(3.4, 3.53, 3.66, 3.86, {"eyeBlinkLeft": 1.0, "mouthSmileLeft": 0.5, "cheekSquintLeft": 0.5}),
    Action(3.86, 3.99, 4.12, 4.32, {"eyeBlinkRight": 1.0, "mouthSmileRight": 0.5, "cheekSquintRight": 0.5}),
    Action(4.3, 4.6, 4.85, 5.15, {"mouthPucker": 0.9}),
    Action(5.0, 5.3, 5.75, 6.1, _both(browDown=0.9, mouthFrown=0.8, eyeSquint=0.3)),
    Action(6.0, 6.25, 6.4, 6.65, {"jawLeft": 0.8, "mouthLeft": 0.6}),
    Action(6.55, 6.8, 6.95, 7.2, {"jawRight": 0.8, "mouthRight": 0.6}),
    Action(7.2, 7.4, 7.6, 7.95, _both(mouthSmile=0.35)),
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


@dataclass(frozen=True, eq=False)
class Moment:
    """The state at `time` s: ARKit's actions `blendshapes` (52,), including glances, and a rotation vector (3,) in
    rad.
    """

    time: float
    blendshapes: Array
    rotation: Array


def performance(times: Iterable[float], duration: float = DURATION) -> list[Moment]:
    """The moments at `times` of a performance stretched to `duration` s."""
    from scipy.interpolate import PchipInterpolator
    from scipy.spatial.transform import Rotation

    head, gaze = (PchipInterpolator(keys[:, 0], np.radians(keys[:, 1:])) for keys in (np.array(_HEAD), np.array(_GAZE)))
    moments = []
    for time in times:
        t = min(time / duration, 1.0) * DURATION
        strengths = np.zeros(N_BLENDSHAPES)
        for action in ACTIONS:
            if weight := action.weight(t):
                for name, amount in action.strengths.items():
                    strengths[INDEX[name]] += weight * amount
        _glance(strengths, *gaze(t))
        rotation = Rotation.from_euler("YXZ", head(t)[[1, 0, 2]]).as_rotvec()
        moments.append(Moment(time, np.clip(strengths, 0, 1).astype(np.float32), rotation))
    return moments


def _glance(strengths: Array, yaw: float, pitch: float) -> None:
    """Both eyes look to `yaw` (to the viewer's right > 0) and `pitch` (up > 0), rad."""
    for side, outwards in (("Left", 1), ("Right", -1)):
        strengths[INDEX[f"eyeLookOut{side}"]] = max(outwards * yaw, 0) / EYE_YAW
        strengths[INDEX[f"eyeLookIn{side}"]] = max(-outwards * yaw, 0) / EYE_YAW
        strengths[INDEX[f"eyeLookUp{side}"]] = max(pitch, 0) / EYE_PITCH
        strengths[INDEX[f"eyeLookDown{side}"]] = max(-pitch, 0) / EYE_PITCH
