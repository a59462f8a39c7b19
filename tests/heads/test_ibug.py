"""The two tables of iBUG's landmarks: of faces in pictures, and on other heads."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.heads.correspondence import IBUG_ON_HEADS
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import IBUG, ibug_points

# iBUG's order is the mirror image of itself within each of these lines of points.
LINES = ((0, 17), (17, 27), (27, 31), (31, 36), (48, 55), (55, 60), (60, 65), (65, 68))
EYES = ((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46))


def mirror_of_ibug() -> dict[int, int]:
    lines = {i: first + last - 1 - i for first, last in LINES for i in range(first, last)}
    nose = {i: i for i in range(27, 31)}
    return lines | nose | dict(EYES) | {b: a for a, b in EYES}


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def test_both_are_symmetric(model: FaceModel) -> None:
    partner = mirror_of_ibug()
    points = ibug_points(model.mean.astype(float))
    mirrored = points[[partner[i] for i in range(68)]] * (-1, 1, 1)
    assert np.abs(points - mirrored).max() < 0.5  # mm
    assert all(model.mirror[point] == IBUG_ON_HEADS[partner[i]] for i, point in IBUG_ON_HEADS.items())


def test_they_differ_at_the_wings_of_the_nose_and_on_the_lips_alone(model: FaceModel) -> None:
    assert list(IBUG_ON_HEADS) == [8, *range(17, 68)]
    other = [i for i, point in IBUG_ON_HEADS.items() if IBUG[i] != point]
    assert other == [31, 35, 49, 53, 55, 59, 61, 63, 65, 67]
    points = ibug_points(model.mean.astype(float))
    apart = [np.linalg.norm(points[i] - model.mean[IBUG_ON_HEADS[i]]) for i in other]
    assert min(apart) > 1 and max(apart) < 10  # mm: the next point of the mesh, not another place
