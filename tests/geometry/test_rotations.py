from __future__ import annotations

import numpy as np
import pytest

from expnet_live.geometry.rotation import matrix_from_vector, turned_about_z


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.9, np.pi])
def test_turning_about_z_is_a_product_of_matrices(angle: float) -> None:
    rng = np.random.default_rng(0)
    spin = matrix_from_vector(np.array([0.0, 0.0, angle]))
    for vector in (np.zeros(3), np.array([0.0, 0.0, 3.0]), np.array([np.pi, 0.0, 0.0]), *rng.normal(0, 1, (20, 3))):
        turned = turned_about_z(vector, angle)
        assert np.allclose(matrix_from_vector(turned), spin @ matrix_from_vector(vector), atol=1e-9)
        assert np.linalg.norm(turned) <= np.pi + 1e-9
