"""Cubic splines."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from expnet_live.geometry.spline import spline


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("n", [4, 8])
def test_agrees_with_scipy(n: int, periodic: bool) -> None:
    rng = np.random.default_rng(0)
    knots, values = np.cumsum(rng.uniform(0.5, 2, n)), rng.standard_normal((n, 3))
    if periodic:
        values[-1] = values[0]
    at = np.linspace(knots[0], knots[-1], 101)
    expected = CubicSpline(knots, values, bc_type="periodic" if periodic else "not-a-knot")(at)
    assert np.allclose(spline(knots, values, at, periodic=periodic), expected, rtol=0, atol=1e-12)


def test_a_cubic_is_itself() -> None:
    knots, at = np.array([0.0, 1, 3, 4, 6]), np.linspace(0, 6, 50)
    assert np.allclose(spline(knots, knots[:, None] ** 3, at)[:, 0], at**3)
