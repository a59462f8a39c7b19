"""The nearest of a few points."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from expnet_live.geometry.nearest import nearest


@pytest.mark.parametrize("k", [1, 3])
def test_agrees_with_a_search_tree(k: int) -> None:
    rng = np.random.default_rng(0)
    points, few = rng.standard_normal((500, 3)), rng.standard_normal((20, 3))
    distance, index = nearest(points, few, k)
    expected, which = cKDTree(few).query(points, k=list(range(1, k + 1)))
    assert np.array_equal(index, which)
    assert np.allclose(distance, expected, rtol=0, atol=1e-12)
