"""The values that bars and curves show: ARKit's actions in per cent, or the coefficients in standard deviations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.live.state import LiveFace

ACTIONS, COEFFICIENTS = "actions", "coefficients"
GAUGES = (ACTIONS, COEFFICIENTS)


@dataclass(frozen=True)
class Gauge:
    """`names` of the values; `percent`: they are 0..1 and shown as 0..100 %, otherwise sd from rest."""

    names: tuple[str, ...] = ()
    percent: bool = False

    @property
    def limits(self) -> tuple[float, float]:
        """The values at both ends of a bar."""
        return (0.0, 1.0) if self.percent else (-3.0, 3.0)

    def shown(self, values: Array) -> Array:
        """Values (n,) as far as `text` tells them apart."""
        return np.round(values, 2 if self.percent else 1)

    def text(self, value: float) -> str:
        if math.isnan(value):
            return "–"
        return f"{100 * value:z.0f} %" if self.percent else f"{value:+z.1f}"


def actions_gauge() -> Gauge:
    return Gauge(ARKIT, percent=True)


def read(face: LiveFace, choice: str) -> tuple[Gauge, Array]:
    """The chosen gauge (one of GAUGES) and its values (n,). A model without actions shows its coefficients instead."""
    if choice == ACTIONS and face.blendshapes is not None:
        return actions_gauge(), face.blendshapes
    return Gauge(face.head.names), face.expression
