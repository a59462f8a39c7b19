"""What rendered heads do: each action alone, pairs of them, neutral turns, a clenched grin, and smooth sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, N_BLENDSHAPES, SIDEWAYS, blendshapes_of
from expnet_live.core.types import Array

STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
RESTS = 4  # frames at rest before a head acts
_TONGUE_OPENS = 0.35  # as the rig's tongue opens the mouth that it comes out of
_OPPOSITE = (*SIDEWAYS, ("mouthRollLower", "mouthShrugLower"))
_RISE, _HOLD, _FALL = 0.2, 0.25, 0.25  # s


@dataclass(frozen=True, eq=False)
class Moment:
    """Strengths (52,) of a frame; `action` is the one that acts alone, None where several or none do."""

    strengths: Array
    action: str | None = None
    turn: tuple[float, float] = (0.0, 0.0)  # yaw and pitch in rad, added to the shot's


def alone(action: str, strength: float) -> Array:
    """The action (52,), with those that it never goes without: both eyes look, lips close over an open jaw."""
    w = blendshapes_of(**{action: strength})
    for other, share in carried(action).items():
        w[INDEX[other]] = share * strength
    if action == "tongueOut":
        w[INDEX["jawOpen"]] = _TONGUE_OPENS * strength**0.5
    return w


def carried(action: str) -> dict[str, float]:
    if action.startswith("eyeLook"):
        side = "Left" if action.endswith("Left") else "Right"
        other = "Right" if side == "Left" else "Left"
        way = action.removesuffix(side)
        return {{"eyeLookIn": "eyeLookOut", "eyeLookOut": "eyeLookIn"}.get(way, way) + other: 1.0}
    return {"mouthClose": {"jawOpen": 1.0}, "tongueOut": {"jawOpen": _TONGUE_OPENS}}.get(action, {})


def acting(strengths: Sequence[float], pairs: int, rng: np.random.Generator) -> list[Moment]:
    """Rest, each action alone at each strength, and random pairs."""
    moments = [Moment(np.zeros(N_BLENDSHAPES, np.float32))] * RESTS
    for name in ARKIT:
        moments += [Moment(alone(name, s), name) for s in strengths]
    while pairs > 0:
        a, b = (ARKIT[i] for i in rng.choice(N_BLENDSHAPES, 2, replace=False))
        if not _together(a, b):
            continue
        w = np.maximum(alone(a, float(rng.uniform(0.3, 1))), alone(b, float(rng.uniform(0.3, 1))))
        moments.append(Moment(w))
        pairs -= 1
    return moments


def _together(a: str, b: str) -> bool:
    """Whether a face can do both."""
    if (a, b) in _OPPOSITE or (b, a) in _OPPOSITE:
        return False
    looks = [n for n in (a, b) if n.startswith("eyeLook")]
    tongue = "tongueOut" in (a, b) and any(n.startswith(("mouth", "cheekPuff")) for n in (a, b))
    puff = "cheekPuff" in (a, b) and any(n.startswith(("jawOpen", "mouthClose", "mouthFunnel")) for n in (a, b))
    return len(looks) < 2 and not tongue and not puff


def neutral_turns() -> list[Moment]:
    """A head at rest that turns from one side to the other, looking up, ahead and down."""
    rest = np.zeros(N_BLENDSHAPES, np.float32)
    yaws = np.radians(np.arange(-40, 41, 10))
    return [Moment(rest, turn=(float(y), p)) for p in (-0.15, 0.0, 0.15) for y in (yaws if p else yaws[::-1])]


def clenched_grins() -> list[Moment]:
    """Rest, and grins with the teeth shut."""
    moments = [Moment(np.zeros(N_BLENDSHAPES, np.float32))] * RESTS
    for s in STRENGTHS:
        moments.append(Moment(_both(mouthSmile=s, mouthUpperUp=0.8 * s, mouthLowerDown=0.8 * s, mouthStretch=0.4 * s)))
    return moments


def _both(**strengths: float) -> Array:
    return blendshapes_of(**{n + side: v for n, v in strengths.items() for side in ("Left", "Right")})


@dataclass(frozen=True)
class Event:
    """`action` rises from `start`, and is at half its height at `half` (s); it is gone at `end`."""

    action: str
    start: float
    half: float
    end: float


def sequence(fps: float, rng: np.random.Generator) -> tuple[list[Moment], list[Event]]:
    """Every action once, in random order, with a smooth head; what upper and lower face do overlaps."""
    upper = [n for n in ARKIT if n.startswith(("eye", "brow"))]
    lower = [n for n in ARKIT if n not in upper]
    events: list[tuple[Event, float]] = []
    for names, lead in ((upper, 0.5), (lower, 0.7)):
        at = lead
        for i in rng.permutation(len(names)):
            height = float(rng.uniform(0.5, 1.0))
            event = Event(names[i], at, at + _RISE / 2, at + _RISE + _HOLD + _FALL)
            events.append((event, height))
            at = event.end + float(rng.uniform(0.02, 0.12))
    seconds = max(e.end for e, _ in events) + 0.3
    phases, speeds = rng.uniform(0, 2 * np.pi, (2, 2)), rng.uniform(0.1, 0.25, 2)
    moments = []
    for t in np.arange(0, seconds, 1 / fps):
        w = np.zeros(N_BLENDSHAPES, np.float32)
        for event, height in events:
            share = min((t - event.start) / _RISE, (event.end - t) / _FALL)
            if share > 0:
                s = min(share, 1.0)
                w = np.maximum(w, alone(event.action, height * s * s * s * (10 - 15 * s + 6 * s * s)))
        yaw, pitch = 0.15 * np.sin(2 * np.pi * speeds * t + phases[0]) * [1, 0.5]
        moments.append(Moment(w, turn=(float(yaw), float(pitch))))
    return moments, [e for e, _ in events]
