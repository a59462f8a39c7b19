"""Curves with many more points than the screen has columns."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from expnet_live.core.types import Array

_FIRST = 4  # for fewer points, minima and maxima save hardly anything
_FEW = 64  # a curve with at most this many points is never thinned


class Curves:
    """`values` (T,) by name over the increasing `time` (T,), NaN in gaps, prepared for drawing at any scale.

    Each level holds the minimum and the maximum of groups of points, in sequence at the middle of their times; a group
    has twice as many points as on the level before. The visible part of a curve is a slice of one level. `ends` are the
    minimum and the maximum of each curve, or None if it has no value. Creating this takes a while.
    """

    def __init__(self, time: Array, values: Mapping[str, Array]) -> None:
        self.time, self.values = time, dict(values)
        self.ends = {name: _ends(v) for name, v in values.items()}
        self._times = [time, *(np.repeat(t, 2) for t in _middles(time))]
        self._levels = {name: [v, *_extremes(v)] for name, v in values.items()}

    def slice(self, low: float, high: float, columns: int) -> Slice:
        """The part from `low` to `high` s, with at most about two points for each of the columns."""
        first = max(0, int(np.searchsorted(self.time, low)) - 1)
        end = min(len(self.time), int(np.searchsorted(self.time, high, side="right")) + 1)
        share = (end - first) / max(columns, 1)  # points per column
        if share <= 2 or len(self._times) == 1:
            return Slice(self, 0, slice(first, end))
        level = min(max(math.ceil(math.log2(share / _FIRST)), 0), len(self._times) - 2)
        size = _FIRST << level
        return Slice(self, 1 + level, slice(2 * (first // size), 2 * -(-end // size)))


class Slice:
    """The same part of all curves."""

    def __init__(self, curves: Curves, level: int, where: slice) -> None:
        self._curves, self._level, self._where = curves, level, where
        self.x: Array = curves._times[level][where]

    def __len__(self) -> int:
        return len(self.x)

    def y(self, name: str) -> Array:
        values: Array = self._curves._levels[name][self._level][self._where]
        return values


def _ends(values: Array) -> tuple[float, float] | None:
    return (float(np.nanmin(values)), float(np.nanmax(values))) if np.isfinite(values).any() else None


def _groups(n: int) -> list[Array]:
    """The indices at which the groups of each level begin among those of the level before."""
    result, size = [], _FIRST
    while n > _FEW:
        result.append(np.arange(0, n, size))
        n, size = len(result[-1]), 2
    return result


def _middles(time: Array) -> list[Array]:
    first, last, result = time, time, []
    for begins in _groups(len(time)):
        first, last = first[begins], last[np.append(begins[1:], len(last)) - 1]
        result.append((first + last) / 2)
    return result


def _extremes(values: Array) -> list[Array]:
    low, high, result = values, values, []
    for begins in _groups(len(values)):
        low, high = np.fmin.reduceat(low, begins), np.fmax.reduceat(high, begins)
        result.append(np.column_stack([low, high]).ravel())
    return result
