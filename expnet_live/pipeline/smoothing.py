"""Smoothing over time: a One-Euro filter for motion, a running mean for identity.

One-Euro: Casiez, Roussel, Vogel, "1€ Filter", CHI 2012. Its cutoff rises with the speed of the
signal. Here only movement beyond the sensor's noise counts as speed, and it counts for a moment
longer: a still face is filtered strongly, and a blink, over in four frames, still passes at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT, plain_action
from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective, facing

# A pause longer than this (s) resets the filter.
MAX_GAP = 0.5
_SHORTEST_STEP = 1e-3
# Speed decays with this time constant (s), so that the filter stays open until a blink reverses.
_HOLD = 0.08


@dataclass(frozen=True)
class OneEuro:
    """Parameters of the filter, for signals in units of their noise.

    `min_cutoff`: Hz at rest; `beta`: Hz per unit of speed (noise levels per second);
    `dead_band`: number of noise levels by which a value may deviate before it counts as movement.
    """

    min_cutoff: float
    beta: float
    dead_band: float


PRESETS: dict[str, OneEuro | None] = {
    "off": None,
    "responsive": OneEuro(min_cutoff=2.0, beta=2.0, dead_band=2.5),
    "balanced": OneEuro(min_cutoff=0.6, beta=2.0, dead_band=3.0),
    "stable": OneEuro(min_cutoff=0.3, beta=2.0, dead_band=3.3),
}

# The "noise level" of each group: the network's jitter on a still face. Measured with `expnet-live evaluate
# stability` on faces of 30 to 400 px with noise of 4 to 10 grey levels; these are levels of a poor webcam.
EXPRESSION_NOISE = 0.08  # standard deviations of the coefficient
ROTATION_NOISE = 0.008  # rad
POSITION_NOISE = 0.2  # mm on the face
SCALE_NOISE = 0.003  # of the size
GAZE_NOISE = 0.015  # rad
_ACTION_NOISE = 0.01  # of the full action
_LOUDER = {"mouthUpperUp": 0.02, "eyeLookUp": 0.015, "eyeLookDown": 0.015}
BLENDSHAPE_NOISE: Array = np.array([_LOUDER.get(plain_action(name), _ACTION_NOISE) for name in ARKIT])


class OneEuroFilter:
    """Filters vectors (N,) that arrive at arbitrary times (s), each element separately."""

    def __init__(self, parameters: OneEuro | None) -> None:
        self._parameters = parameters
        self._value: Array | None = None
        self._speed: Array | float = 0.0
        self._time = -math.inf

    @property
    def value(self) -> Array | None:
        """The last output, or None before the first."""
        return self._value

    def reset(self) -> None:
        self._value = None

    def __call__(self, x: Array, time: float, noise: Array | float = 1.0) -> Array:
        """The filtered `x` (N,); `noise` is its jitter at rest, in the unit of `x`."""
        p, last = self._parameters, self._value
        step = time - self._time
        self._time = time
        if p is None or last is None or last.shape != x.shape or not 0 <= step <= MAX_GAP:
            self._value = np.array(x, np.float64)
            self._speed = 0.0
            return self._value
        step = max(step, _SHORTEST_STEP)
        change = x - last
        speed = (np.abs(change) / noise - p.dead_band) / step  # negative within the dead band, as if still
        self._speed = np.maximum(speed, self._speed * math.exp(-step / _HOLD))
        radians = 2 * math.pi * step
        self._value = x - change / ((1 + radians * p.min_cutoff) + radians * p.beta * self._speed)
        return self._value


class FaceSmoother:
    """Smooths expression (n,), pose and gaze (2, 2) of one face, and its blendshapes (52,)."""

    def __init__(self, preset: str = "balanced") -> None:
        if preset not in PRESETS:
            raise ValueError(f"There is no smoothing {preset!r}; choose one of {', '.join(PRESETS)}.")
        self._filter, self._actions = OneEuroFilter(PRESETS[preset]), OneEuroFilter(PRESETS[preset])
        self._noise: Array = np.empty(0)

    def actions(self, blendshapes: Array, time: float) -> Array:
        """The smoothed blendshapes (52,), within 0..1."""
        smooth: Array = self._actions(blendshapes, time, BLENDSHAPE_NOISE).astype(np.float32)
        return smooth.clip(0, 1)

    def __call__(
        self, expression: Array, view: WeakPerspective, gaze: Array | None, time: float
    ) -> tuple[Array, WeakPerspective, Array | None]:
        n = len(expression)
        eyes = np.empty(0) if gaze is None else np.ravel(gaze)
        rotation = np.asarray(view.rotation, np.float64)
        if (last := self._filter.value) is not None:
            rotation = _nearest(rotation, last[n : n + 3])
        x = np.concatenate([expression, rotation, [view.x, view.y, math.log(view.scale)], eyes])
        noise = self._noise
        if len(noise) != len(x):
            noise = self._noise = np.concatenate([
                np.repeat([EXPRESSION_NOISE, ROTATION_NOISE, POSITION_NOISE, SCALE_NOISE], [n, 3, 2, 1]),
                np.full(len(eyes), GAZE_NOISE),
            ])  # fmt: skip
        noise[n + 3 : n + 5] = POSITION_NOISE * view.scale
        y = self._filter(x, time, noise).astype(np.float32)
        px, py, log_scale = (float(v) for v in y[n + 3 : n + 6])
        smooth_view = WeakPerspective(y[n : n + 3], math.exp(log_scale), px, py)
        return y[:n], smooth_view, None if gaze is None else y[n + 6 :].reshape(2, 2)


def _nearest(rotation: Array, reference: Array) -> Array:
    """The rotation vector equivalent to `rotation` that is nearest to `reference`."""
    angle = math.hypot(*rotation)
    if angle < math.pi / 2:
        return rotation
    other = rotation * (1 - 2 * math.pi / angle)
    return min(rotation, other, key=lambda r: float(np.linalg.norm(r - reference)))


class IdentityPool:
    """A running mean of identity (K,) over the frames of one face, weighted by their quality.

    After `memory` frames of full weight, old ones fade, so that a wrong start is corrected. The returned mean changes
    only when it has moved by `step` standard deviations, so that the head is not rebuilt for every frame.
    """

    def __init__(self, memory: float = 300.0, step: float = 0.02) -> None:
        self._memory, self._step = memory, step
        self._weight = 0.0
        self._mean: Array | None = None
        self._given: Array | None = None

    def add(self, identity: Array, confidence: float, rotation: Array) -> Array:
        """The mean (K,) after this frame."""
        weight = max(confidence * facing(rotation) ** 2, 1e-3)
        self._weight = min(self._weight + weight, self._memory)
        if self._mean is None:
            self._mean = np.array(identity, np.float32)
        else:
            self._mean = self._mean + np.float32(weight / self._weight) * (identity - self._mean)
        if self._given is None or np.abs(self._mean - self._given).max(initial=0) > self._step:
            self._given = self._mean
        return self._given
