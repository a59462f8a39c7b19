"""Reshapes ARKit's 52 weights for an avatar: dead zones, gains and curves for each, from a JSON file.

    {"version": 1, "curves": {"eyeBlink*": {"dead": 0.05, "gain": 1.3}, "jawOpen": {"points": [[0, 0.1], [1, 0.9]]}}}

A name that ends in `*` stands for both sides. Blendshapes that are not listed do not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.core.records import read_json, record_of
from expnet_live.core.types import Array
from expnet_live.person.curve import Curve


class _File(msgspec.Struct, frozen=True):
    version: int
    curves: dict[str, Curve]


@dataclass(frozen=True, eq=False)
class Shape:
    """Curves of some of the 52 weights.

    >>> shape = Shape.of({"jawOpen": Curve(gain=2.0)})
    >>> float(shape(np.full(52, 0.25, np.float32))[INDEX["jawOpen"]])
    0.5
    """

    dead: Array
    gain: Array
    points: tuple[tuple[int, Array], ...]

    @classmethod
    def of(cls, curves: dict[str, Curve]) -> Shape:
        """Create a shape. Raises UserError for an unknown action, or for points that are not in ascending order."""
        dead, gain = np.zeros(N_BLENDSHAPES, np.float32), np.ones(N_BLENDSHAPES, np.float32)
        points = []
        for name, curve in curves.items():
            for i in _indices(name):
                dead[i], gain[i] = curve.line
                if curve.points is not None:
                    line = np.array(curve.points, np.float32).T
                    if (np.diff(line[0]) <= 0).any():
                        raise UserError(f"The points of {name} do not go from left to right; order them.")
                    points.append((i, line))
        return cls(dead, gain / (1 - dead), tuple(points))

    @classmethod
    def load(cls, path: Path) -> Shape:
        """Read a file. Raises UserError if it is not a file of curves."""
        try:
            data = record_of(read_json(path.read_text(encoding="utf-8")), _File)
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); choose another file.") from error
        except ValueError as error:
            raise UserError(f"{path} is not a file of curves ({error}); see docs/outputs.md.") from error
        if data.version != 1:
            raise UserError(f"{path} has version {data.version}; this program reads version 1.")
        return cls.of(data.curves)

    def __call__(self, weights: Array) -> Array:
        """Reshape weights (52,)."""
        out = np.clip(np.maximum(weights - self.dead, 0) * self.gain, 0, 1).astype(np.float32)
        for i, (x, y) in self.points:
            out[i] = np.interp(out[i], x, y)
        return out


def _indices(name: str) -> list[int]:
    names = [f"{name[:-1]}{side}" for side in ("Left", "Right")] if name.endswith("*") else [name]
    if missing := [n for n in names if n not in INDEX]:
        raise UserError(f"There is no action called {missing[0]}; use ARKit's names, such as jawOpen or eyeBlink*.")
    return [INDEX[n] for n in names]
