"""What rendered heads do: every gesture once, in random order and strength, between rests with blinks and speech."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES, blendshapes_of
from expnet_live.core.types import Array
from expnet_live.research.evaluation.expression.script import Moment

FPS = 30.0
_REST = 2.5  # s before the first gesture, so that the person's rest is known
_BLINK = (0.07, 0.06, 0.12)  # s: an ordinary blink closes, stays shut, opens
_NOD = "nod or shake"

Draw = Callable[[float, float], float]


@dataclass(frozen=True)
class Act:
    """A gesture `name` from `start` to `end` (s)."""

    name: str
    start: float
    end: float


def _pair(name: str, weight: float) -> dict[str, float]:
    return {f"{name}Left": weight, f"{name}Right": weight}


def _wink(side: str, draw: Draw) -> dict[str, float]:
    other = "Right" if side == "Left" else "Left"
    return {
        f"eyeBlink{side}": draw(0.9, 1), f"eyeBlink{other}": draw(0, 0.15), f"cheekSquint{side}": draw(0, 0.6),
        f"mouthSmile{side}": draw(0, 0.2),
    }  # fmt: skip


def _look(side: str, draw: Draw) -> dict[str, float]:
    other, far = "Right" if side == "Left" else "Left", draw(0.65, 1)
    return {f"eyeLookOut{side}": far, f"eyeLookIn{other}": far, **_pair("eyeLookDown", draw(0, 0.1))}


POSES: dict[str, Callable[[Draw], dict[str, float]]] = {
    "smile": lambda d: {**_pair("mouthSmile", d(0.4, 0.65)), **_pair("cheekSquint", d(0, 0.3))},
    "wide smile": lambda d: {
        **_pair("mouthSmile", d(0.9, 1)), **_pair("cheekSquint", d(0.3, 0.7)), **_pair("mouthUpperUp", d(0.3, 0.6)),
        **_pair("mouthLowerDown", d(0, 0.4)), **_pair("mouthStretch", d(0, 0.3)), **_pair("eyeSquint", d(0, 0.3)),
        "jawOpen": d(0, 0.15),
    },
    "frown": lambda d: {**_pair("mouthFrown", d(0.65, 1)), "mouthShrugLower": d(0, 0.4)},
    "mouth open": lambda d: {"jawOpen": d(0.6, 1)},
    "pucker": lambda d: {"mouthPucker": d(0.7, 1), "mouthFunnel": d(0, 0.15)},
    "cheek puff": lambda d: {"cheekPuff": d(0.75, 1)},
    "brows up": lambda d: {
        "browInnerUp": d(0.6, 1), **_pair("browOuterUp", d(0.6, 1)), **_pair("eyeWide", d(0, 0.4)),
    },
    "brows down": lambda d: {
        **_pair("browDown", d(0.65, 1)), **_pair("noseSneer", d(0, 0.15)), **_pair("eyeSquint", d(0, 0.3)),
    },
    "blink both": lambda d: {**_pair("eyeBlink", d(0.95, 1)), **_pair("eyeSquint", d(0, 0.3))},
    "wink left": lambda d: _wink("Left", d),
    "wink right": lambda d: _wink("Right", d),
    "look left": lambda d: _look("Left", d),
    "look right": lambda d: _look("Right", d),
    _NOD: lambda d: {},
}  # fmt: skip


def performance(rng: np.random.Generator) -> tuple[list[Moment], list[Act]]:
    """The moments of one head at 30 a second, and what it does when. Heads drift slowly, blink in every second rest,
    and talk in every third: none of that is a gesture."""

    def draw(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    acts: list[Act] = []
    poses: list[tuple[Act, Array, float, float]] = []
    blinks: list[float] = [0.8]
    talks: list[tuple[float, float]] = []
    at = _REST
    for i in rng.permutation(len(POSES)):
        name = list(POSES)[i]
        rise, fall = draw(0.12, 0.3), draw(0.15, 0.35)
        hold = draw(1.0, 1.5) if name == _NOD else draw(0.5, 1.0)
        act = Act(name, at, at + rise + hold + fall)
        poses.append((act, blendshapes_of(**POSES[name](draw)), rise, fall))
        acts.append(act)
        rest = draw(0.9, 1.4)
        if len(acts) % 2:
            blinks.append(act.end + 0.45)
        if len(acts) % 3 == 0:
            talks.append((act.end + 0.3, act.end + 0.3 + 1.5))
            rest += 1.6
        at = act.end + rest
    nod = _Nod.random(draw, bool(rng.random() < 0.5))
    phases, speeds = rng.uniform(0, 2 * np.pi, (2, 2)), rng.uniform(0.08, 0.2, 2)
    moments = []
    for t in np.arange(0, at, 1 / FPS):
        w = np.zeros(N_BLENDSHAPES, np.float32)
        yaw, pitch = 0.05 * np.sin(2 * np.pi * speeds * t + phases[0]) * [1, 0.6]
        for act, pose, rise, fall in poses:
            share = min((t - act.start) / rise, (act.end - t) / fall, 1.0)
            if share > 0:
                w = np.maximum(w, _smooth(share) * pose)
                if act.name == _NOD:
                    yaw, pitch = (yaw, pitch) + _smooth(share) * nod.at(t - act.start)
        for blink in blinks:
            w = np.maximum(w, blendshapes_of(**_pair("eyeBlink", _shut(t - blink))))
        for begin, end in talks:
            if begin < t < end:
                w[INDEX["jawOpen"]] = max(w[INDEX["jawOpen"]], 0.17 + 0.16 * np.sin(2 * np.pi * 4 * (t - begin)))
                w[INDEX["mouthFunnel"]] = max(w[INDEX["mouthFunnel"]], 0.15 + 0.15 * np.sin(2 * np.pi * 2.3 * t))
        moments.append(Moment(w, turn=(float(yaw), float(pitch))))
    return moments, acts


@dataclass(frozen=True)
class _Nod:
    """Yaw and pitch (rad) of a nod or a shake."""

    way: tuple[float, float]
    size: float
    rate: float

    @classmethod
    def random(cls, draw: Draw, shakes: bool) -> _Nod:
        return cls((1.0, 0.0) if shakes else (0.0, 1.0), draw(0.13, 0.25), draw(1.2, 2.0))

    def at(self, t: float) -> Array:
        return self.size * np.sin(2 * np.pi * self.rate * t) * np.array(self.way)


def _smooth(share: float) -> float:
    s = min(max(share, 0.0), 1.0)
    return s * s * s * (10 - 15 * s + 6 * s * s)


def _shut(t: float) -> float:
    close, shut, opens = _BLINK
    return _smooth(min(t / close, (close + shut + opens - t) / opens))
