"""Random strengths of ARKit's actions: single ones, combinations as in real faces, and asymmetric ones."""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR, N_BLENDSHAPES, SIDEWAYS, WHOLE, plain_action
from expnet_live.core.types import Array

ALONE = 0.4  # share of pictures in which one action, or some, come without all others
# How often an action comes alone, 1 for those not named. In real faces, a network tells these by what comes with them.
_OFTEN_ALONE = {
    "mouthLowerDown": 6.0, "mouthPress": 5.0, "eyeSquint": 5.0, "cheekSquint": 4.0, "browInnerUp": 5.0, "eyeWide": 3.0,
    "mouthStretch": 2.0, "mouthDimple": 2.0, "jawForward": 2.0, "jawOpen": 2.0,
}  # fmt: skip
_CHANCE_ALONE = np.array([_OFTEN_ALONE.get(plain_action(name), 1.0) for name in ARKIT])
_CHANCE_ALONE /= _CHANCE_ALONE.sum()
_SINGLE = {
    "tongueOut": 0.2, "cheekPuff": 0.08, "jawLeft": 0.09, "jawRight": 0.09, "mouthLeft": 0.09, "mouthRight": 0.09,
    "jawForward": 0.08, "mouthPucker": 0.06, "mouthFunnel": 0.06, "mouthRollLower": 0.05, "mouthRollUpper": 0.05,
    "mouthShrugLower": 0.05, "mouthShrugUpper": 0.05,
}  # fmt: skip
_SIDED = {
    "noseSneer": 0.12, "cheekSquint": 0.08, "eyeSquint": 0.1, "eyeWide": 0.1, "browDown": 0.12, "browOuterUp": 0.1,
    "mouthStretch": 0.06, "mouthPress": 0.1, "mouthFrown": 0.08, "mouthDimple": 0.06, "mouthUpperUp": 0.06,
    "mouthLowerDown": 0.1, "eyeBlink": 0.12,
}  # fmt: skip


_SEALED = 0.1  # share of combinations whose lips close over an open jaw
_TONGUE_WIDE = 0.5  # share of tongues that come with a mouth as wide as chance has it
TONGUES = 1.1, 1.8  # shortest and longest, in lengths of our head's


def with_long_tongue(strengths: Array, length: float) -> Array:
    """Strengths (52,) with that of the tongue for a rig whose tongue is shorter: beyond 1 if it is fully out."""
    w, i = strengths.copy(), INDEX["tongueOut"]
    w[i] *= 1 + (length - 1) * w[i]
    return w


def random_strengths(rng: np.random.Generator, real: Array, chance: Array, alone: float = ALONE) -> Array:
    """Strengths (52,) in 0..1. `real` (N, 52) are those of faces, drawn with `chance` (N,); a share `alone` has up to
    three actions and no others.
    """
    w = np.zeros(N_BLENDSHAPES, np.float32)
    if rng.random() < alone:
        _alone(w, rng)
    else:
        _combined(w, rng, real, chance)
    _exclude(w, rng)
    _glance(w, rng)
    return np.clip(w, 0, 1)


def _power(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.15, 1.0) ** 0.8)


def _alone(w: Array, rng: np.random.Generator) -> None:
    for i in rng.choice(N_BLENDSHAPES, rng.choice([1, 1, 2, 3]), p=_CHANCE_ALONE):
        w[i] = _power(rng)
        if MIRROR[i] != i and ARKIT[i] not in WHOLE and rng.random() < 0.4:
            w[MIRROR[i]] = w[i] * rng.uniform(0.7, 1.1)
    if w[INDEX["mouthClose"]] > 0:
        _seal(w, rng)


def _seal(w: Array, rng: np.random.Generator) -> None:
    """Open the jaw and close the lips over it, in part or whole: what other actions leave out."""
    jaw, close = INDEX["jawOpen"], INDEX["mouthClose"]
    w[jaw] = max(w[jaw], _power(rng))
    w[close] = w[jaw] * min(rng.uniform(0.2, 1.2), 1.0)


def _combined(w: Array, rng: np.random.Generator, real: Array, chance: Array) -> None:
    def somebody() -> Array:
        return np.asarray(real[rng.choice(len(real), p=chance)])

    if rng.random() < 0.75:
        w[:] = somebody() * rng.uniform(0.4, 1.0)
    if rng.random() < 0.35:
        upper = np.array([name.startswith(("eye", "brow")) for name in ARKIT])
        w[upper] = somebody()[upper]
    if rng.random() < 0.3:
        side, part = ("Left", "Right")[rng.integers(2)], ("eye", "brow", "mouth")[rng.integers(3)]
        share = rng.uniform(0, 0.5)
        for i, name in enumerate(ARKIT):
            if name.startswith(part) and name.endswith(side) and name not in WHOLE:
                w[i] *= share
    for name, p in _SINGLE.items():
        if rng.random() < p:
            w[INDEX[name]] = _power(rng)
    if rng.random() < _SEALED:
        _seal(w, rng)
    for name, p in _SIDED.items():
        if rng.random() < p:
            power, sides = (
                _power(rng),
                ("Left", "Right") if rng.random() < 0.45 else (("Left", "Right")[rng.integers(2)],),
            )
            for side in sides:
                w[INDEX[name + side]] = power * rng.uniform(0.8, 1.1)


def _exclude(w: Array, rng: np.random.Generator) -> None:
    """Weaken actions that cannot occur at the same time."""
    for pair in SIDEWAYS:
        a, b = (INDEX[name] for name in pair)
        w[b if w[a] >= w[b] else a] = 0
    jaw, close, tongue = INDEX["jawOpen"], INDEX["mouthClose"], INDEX["tongueOut"]
    w[close] = min(w[close], w[jaw])
    if w[tongue] > 0:
        wide = rng.uniform(0, 1) if rng.random() < _TONGUE_WIDE else 0.0
        w[jaw] = max(w[jaw], 0.15 + 0.3 * w[tongue], wide)
        w[INDEX["mouthPucker"]] *= 0.3
        w[[close, INDEX["mouthRollLower"], INDEX["mouthRollUpper"]]] = 0
    if w[INDEX["cheekPuff"]] > 0.3:
        w[[jaw, close]] *= 0.1


def _glance(w: Array, rng: np.random.Generator) -> None:
    yaw, pitch = np.clip((rng.normal(0, 0.35), rng.normal(-0.05, 0.3)), -1, 1) * (rng.random() >= 0.3)
    w[[INDEX["eyeLookOutLeft"], INDEX["eyeLookInRight"]]] = max(yaw, 0)
    w[[INDEX["eyeLookInLeft"], INDEX["eyeLookOutRight"]]] = max(-yaw, 0)
    for side in ("Left", "Right"):
        w[INDEX[f"eyeLookUp{side}"]], w[INDEX[f"eyeLookDown{side}"]] = max(pitch, 0), max(-pitch, 0)
        if w[INDEX[f"eyeBlink{side}"]] > 0.5:
            w[INDEX[f"eyeWide{side}"]] = 0
