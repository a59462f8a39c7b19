"""Curves with far more points than the screen has columns."""

from __future__ import annotations

import numpy as np

from expnet_live.types import Array


def thinned(x: Array, y: Array, low: float, high: float, columns: int) -> tuple[Array, Array]:
    """What of the curve is seen from `low` to `high` on so many columns of pixels.

    `x` (T,) increases; `y` (T,), NaN in gaps. Where many points share a column, their least and largest stay.
    """
    first = max(0, int(np.searchsorted(x, low)) - 1)
    end = min(len(x), int(np.searchsorted(x, high, side="right")) + 1)
    x, y = x[first:end], y[first:end]
    # Columns that do not depend on where the view begins: moved, the curve keeps its shape.
    width = max(high - low, 1e-9) / max(columns, 1)
    if len(x) <= 3 * columns:
        return x, y
    begins = np.flatnonzero(np.diff(np.floor(x / width), prepend=-np.inf))
    lowest, highest = np.fmin.reduceat(y, begins), np.fmax.reduceat(y, begins)
    middle = (x[begins] + x[np.append(begins[1:], len(x)) - 1]) / 2
    return np.repeat(middle, 2), np.column_stack([lowest, highest]).ravel()
