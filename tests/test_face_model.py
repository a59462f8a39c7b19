"""The shipped face model drawn: quick paths agree with the plain ones."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.face_model.anatomy import Part
from expnet_live.face_model.model import FaceModel
from expnet_live.geometry.mesh import NormalOperator
from expnet_live.types import Array


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module", params=[1, 2])
def face(model: FaceModel, request: pytest.FixtureRequest) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(request.param)
    return rng.standard_normal(29), rng.standard_normal(model.n_identity), rng.uniform(-0.4, 0.4, (2, 2))


def test_vertices_are_the_anatomy_of_the_landmarks(model: FaceModel, face: tuple[Array, Array, Array]) -> None:
    expression, identity, gaze = face
    vertices = model.vertices(expression, identity, gaze)
    assert vertices.dtype == np.float32 and vertices.shape == (len(model.colors), 3)
    plain = model.anatomy.vertices(model.landmarks(expression, identity), gaze)
    assert np.abs(vertices - plain).max() < 1e-3
    # Another person, and the first again: nothing of the one before is left.
    assert np.abs(model.vertices(expression) - model.anatomy.vertices(model.landmarks(expression))).max() < 1e-3
    assert np.array_equal(model.vertices(expression, identity, gaze), vertices)


def test_normals_are_those_of_the_mesh_where_it_is_seen(model: FaceModel, face: tuple[Array, Array, Array]) -> None:
    vertices = model.vertices(*face)
    normals = model.normals(vertices)
    plain = NormalOperator(model.triangles, len(vertices))(vertices)
    assert normals.dtype == np.float32
    angle = np.degrees(np.arccos(np.clip((normals * plain).sum(1), -1, 1)))
    for part in (Part.FACE, Part.LID_RIM, Part.RIGHT_EYE, Part.LEFT_EYE, Part.UPPER_TEETH):
        assert angle[model.anatomy.range(part)].max() < 0.5
    assert angle[model.anatomy.range(Part.SHELL)].max() < 12
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-4)
