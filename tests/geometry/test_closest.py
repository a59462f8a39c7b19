"""Closest points of a mesh, compared with a search over all triangles."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.geometry.closest import ClosestPoint, closest_on_triangles


def test_closest_points_are_those_of_a_search_through_all_triangles() -> None:
    rng = np.random.default_rng(0)
    # Triangles of very different sizes, as a head has.
    corners = rng.normal(size=(300, 1, 3)) + rng.normal(size=(300, 3, 3)) * rng.choice([0.02, 0.2, 2.0], (300, 1, 1))
    surface = ClosestPoint(corners.reshape(-1, 3), np.arange(900).reshape(-1, 3))
    points = rng.normal(0, 1.5, (400, 3))
    pairs = closest_on_triangles(np.repeat(points, 300, axis=0), np.tile(corners, (400, 1, 1))).reshape(400, 300, 3)
    distance = np.linalg.norm(pairs - points[:, None], axis=2)
    assert np.linalg.norm(surface(points) - points, axis=1) == pytest.approx(distance.min(1))
    triangle, weights = surface.located(points)
    assert weights.min() >= 0 and weights.sum(1) == pytest.approx(np.ones(400))
    assert np.einsum("nk,nki->ni", weights, corners[triangle]) == pytest.approx(surface(points), abs=1e-6)


def test_points_of_a_triangle_itself() -> None:
    rng = np.random.default_rng(1)
    corners = rng.normal(size=(500, 3, 3))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inside = np.einsum("nk,nki->ni", rng.dirichlet((1, 1, 1), 500), corners)
    assert closest_on_triangles(inside + rng.normal(size=(500, 1)) * normal, corners) == pytest.approx(inside)
    away = corners[:, 0] + (corners[:, 0] - corners.mean(1)) * 1e-9
    assert closest_on_triangles(away, corners) == pytest.approx(corners[:, 0], abs=1e-6)
    line = np.stack([corners[:, 0], corners[:, 1], (corners[:, 0] + corners[:, 1]) / 2], 1)
    assert np.isfinite(closest_on_triangles(rng.normal(size=(500, 3)), line)).all()
