"""The built-in face model: its requirements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.heads.face_model import FaceModel

FLIP = np.array([-1, 1, 1], np.float32)


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def test_shapes_and_scale(model: FaceModel) -> None:
    assert model.mean.shape == (468, 3)
    assert model.expression.shape == (29, 468, 3)
    assert 40 <= model.n_identity <= 99
    assert len(set(model.names)) == 29
    assert model.n_face >= 6990
    # Pupils stand 63 mm apart; the middles of the lids are as good as there.
    right, left = model.mean[[159, 145]].mean(0), model.mean[[386, 374]].mean(0)
    assert np.linalg.norm(left - right) == pytest.approx(63, abs=3)
    assert model.mean[1, 2] > model.mean[234, 2] + 40  # the nose is nearer than the ears


def test_left_mirrors_right(model: FaceModel) -> None:
    assert np.abs((model.mean * FLIP)[model.mirror] - model.mean).max() < 0.05
    partner, sign = model.mirror_expression
    assert np.array_equal(partner[partner], np.arange(29))
    seen = sign[:, None, None] * (model.expression[partner] * FLIP)[:, model.mirror]
    assert np.abs(seen - model.expression).max() < 0.05
    for k, name in enumerate(model.names):
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft"):
            assert model.names[partner[k]] == name.replace("Left", "Right")
        else:
            assert sign[k] == (-1 if name in ("jawLeft", "mouthLeft") else 1)


def test_components_do_what_they_are_called(model: FaceModel) -> None:
    rest = model.landmarks(np.zeros(29, np.float32))

    def moved(name: str) -> np.ndarray:
        return model.landmarks(model.expression_of(**{name: 2.0})) - rest

    assert moved("jawOpen")[14, 1] - moved("jawOpen")[13, 1] < -2  # the lips part
    assert moved("mouthSmileLeft")[291, 0] > 1  # the left corner goes out
    assert moved("mouthSmileRight")[61, 0] < -1
    assert moved("eyeBlinkLeft")[386, 1] - moved("eyeBlinkLeft")[374, 1] < -1  # the lids near each other
    assert abs(moved("eyeBlinkLeft")[159, 1]) < 0.3  # of that eye alone
    assert moved("browInnerUp")[[55, 285], 1].mean() > 1
    assert moved("browDownLeft")[285, 1] < -0.5
    assert moved("mouthPucker")[291, 0] < -0.5  # the corners come together
    assert moved("jawLeft")[152, 0] > 0.3


def test_head_has_eyes_that_turn(model: FaceModel) -> None:
    rest = np.zeros(29, np.float32)
    ahead = model.vertices(rest, gaze=np.zeros((2, 2)))
    aside = model.vertices(rest, gaze=np.full((2, 2), 0.3))
    assert np.isfinite(ahead).all()
    assert np.abs(aside - ahead).max() > 2
    assert np.array_equal(aside[: model.n_face], ahead[: model.n_face])
    assert np.allclose(np.linalg.norm(model.normals(ahead), axis=1), 1, atol=1e-3)


def test_head_is_the_anatomy_of_the_landmarks(model: FaceModel) -> None:
    rng = np.random.default_rng(2)
    gaze = rng.normal(0, 0.2, (2, 2))
    for identity in (rng.standard_normal(model.n_identity), None):
        expression = rng.standard_normal(29)
        vertices = model.vertices(expression, identity, gaze)
        landmarks = model.landmarks(expression, identity)
        assert vertices == pytest.approx(model.posing(model.posing.points.at(landmarks), gaze), abs=1e-3)


@pytest.mark.parametrize("every", [1, 3, 40])
def test_a_part_of_the_head_is_as_in_the_whole(model: FaceModel, every: int) -> None:
    rng = np.random.default_rng(4)
    last = len(model.colors) if every == 40 else int(model.face_triangles.max())  # of the whole head, or of the face
    roots, lashes = model.anatomy.lash_roots, np.arange(model.anatomy.lashes.start, model.anatomy.lashes.stop)
    some = np.union1d(np.arange(0, last, every), np.concatenate([roots, lashes]))
    mesh = model.part(some)
    weights = rng.uniform(0, 0.6, 52).astype(np.float32)
    for gaze, blendshapes in ((rng.normal(0, 0.2, (2, 2)), None), (None, weights), (np.zeros((2, 2)), weights)):
        state = rng.standard_normal(29), rng.standard_normal(model.n_identity), gaze, blendshapes
        vertices, normals = mesh(*state)
        whole = model.vertices(*state)
        assert np.array_equal(vertices, whole[some])
        assert np.array_equal(normals, model.normals(whole)[some])


def test_saved_model_is_the_same(model: FaceModel, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    model.save(path)
    again = FaceModel.load(path)
    assert again.names == model.names
    assert np.array_equal(again.expression, model.expression)
    assert path.stat().st_size < 1_500_000


@pytest.mark.parametrize("content", [b"", b"<html>not here</html>", b"PK\x03\x04 cut short"])
def test_no_face_model(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a face model"):
        FaceModel.load(path)
