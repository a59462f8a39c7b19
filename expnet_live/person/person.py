"""Who sits there: identity, the face at rest, and gains."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from expnet_live.core.types import Array

MAX_GAIN = 3.0


@dataclass(frozen=True)
class Person:
    """A profile: `identity` (K,) and `neutral` (sd, by name) of a calibration, `gains` by name, 1 unless told."""

    name: str = "Default"
    identity: Array | None = None
    neutral: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)

    @property
    def calibrated(self) -> bool:
        return self.identity is not None or bool(self.neutral)

    def corrected(self, expression: Array, names: tuple[str, ...]) -> Array:
        """An expression (29,) without this person's neutral, times the gains."""
        if not self.neutral and not self.gains:
            return expression
        offset = np.array([self.neutral.get(n, 0.0) for n in names], np.float32)
        gain = np.array([self.gains.get(n, 1.0) for n in names], np.float32)
        return (expression - offset) * gain

    def with_gain(self, name: str, gain: float) -> Person:
        gains = {k: v for k, v in self.gains.items() if k != name}
        if abs(gain - 1) > 1e-6:
            gains[name] = float(np.clip(gain, 0, MAX_GAIN))
        return replace(self, gains=gains)

    def uncalibrated(self) -> Person:
        return replace(self, identity=None, neutral={})
