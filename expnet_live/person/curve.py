"""How one of the 52 weights is reshaped for an avatar: a dead zone, a gain, and a curve through points."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from expnet_live.core.types import Array

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Gain = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Points = Annotated[list[tuple[Share, Share]], msgspec.Meta(min_length=2)]

MOST_DEAD = 0.999  # a dead zone over the whole range leaves nothing


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A weight below `dead` is 0; the rest is stretched to 0..1, multiplied by `gain`, and mapped through `points`
    (in, out) with linear interpolation; the result is clipped to 0..1.

    >>> float(Curve(dead=0.5, gain=2.0)(np.array([0.6]))[0])
    0.4
    """

    dead: Share = 0.0
    gain: _Gain = 1.0
    points: _Points | None = None

    def __call__(self, weights: Array) -> Array:
        """Reshape weights (...)."""
        dead, gain = self.line
        out = np.clip(np.maximum(weights - dead, 0) * gain / (1 - dead), 0, 1)
        return out if self.points is None else np.interp(out, *np.array(self.points, float).T)

    @property
    def line(self) -> tuple[float, float]:
        """The dead zone and the gain that count: a dead zone over the whole range leaves nothing."""
        return min(self.dead, MOST_DEAD), self.gain if self.dead < 1 else 0.0

    @property
    def plain(self) -> bool:
        """Whether it changes nothing."""
        return self.dead == 0 and self.gain == 1 and (self.points is None or self.points == [(0, 0), (1, 1)])


# What an avatar gets by name: the curves of ARKit's actions.
Curves = dict[str, Curve]
