"""Cubic splines, without the 0.1 s that scipy's take to import."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array


def spline(knots: Array, values: Array, at: Array, *, periodic: bool = False) -> Array:
    """The smooth curve (m, k) through `values` (n, k) at ascending `knots` (n,), at `at` (m,) within them; n > 3.

    Between knots it is cubic, with continuous second derivatives. If it is `periodic`, the last value is the first one;
    otherwise the first two pieces are one cubic, and so are the last two.
    """
    n, step = len(knots), np.diff(knots)
    rise = np.diff(values, axis=0) / step[:, None]
    # Equations for the slopes at the knots: at each inner one, both pieces have the same second derivative.
    matrix, sides = np.zeros((n, n)), np.zeros_like(values, dtype=float)
    inner = np.arange(1, n - 1)
    before, after = step[:-1], step[1:]
    matrix[inner, inner - 1], matrix[inner, inner], matrix[inner, inner + 1] = after, 2 * (before + after), before
    sides[inner] = 3 * (after[:, None] * rise[:-1] + before[:, None] * rise[1:])
    if periodic:
        first, last = step[0], step[-1]
        matrix[0, [-2, 0, 1]] = first, 2 * (first + last), last
        sides[0] = 3 * (first * rise[-1] + last * rise[0])
        matrix[-1, [0, -1]] = 1, -1
    else:
        matrix[0], sides[0] = _end(step[0], step[1], rise[0], rise[1], n)
        row, sides[-1] = _end(step[-1], step[-2], rise[-1], rise[-2], n)
        matrix[-1] = row[::-1]
    slopes = np.linalg.solve(matrix, sides)

    i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, n - 2)
    t, h = ((at - knots[i]) / step[i])[:, None], step[i][:, None]
    bend, twist = rise[i] - slopes[i], slopes[i + 1] - rise[i]
    curve: Array = values[i] + h * t * (slopes[i] + t * (2 * bend - twist + t * (twist - bend)))
    return curve


def _end(one: float, two: float, rise: Array, next_rise: Array, n: int) -> tuple[Array, Array]:
    """The equation (n,) and its right side (k,) by which the outer two pieces, of these lengths, are one cubic."""
    both = one + two
    row = np.zeros(n)
    row[:2] = two, both
    return row, ((one + 2 * both) * two * rise + one**2 * next_rise) / both
