"""The pictures and targets that a training sees, and its losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.augment import PLAIN, AugmentConfig, cover_side
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.dataset import FaceDataset, sample_weights
from expnet_live.research.training.losses import ExpNetLoss, placement_error, rotation_matrix
from expnet_live.research.training.train import RandomDraws
from expnet_live.research.training.winks import Winks


def test_projected_labels_lie_on_the_landmarks(crops: CropSet, model: FaceModel) -> None:
    data = FaceDataset(crops, model, 128, replace(PLAIN, loose=0.5), seed=3)
    loss = ExpNetLoss(model)
    samples = [data[(i % len(crops), i)] for i in range(16)]
    target = {k: torch.stack([s[k] for s in samples]) for k in samples[0]}
    # Turned, enlarged and mirrored alike, labels still say where the landmarks are.
    error = (loss.points(target) - target["points"]).norm(dim=2).mean() * 220
    assert float(error) < 2.0  # mm


def test_samples_depend_on_their_number_alone(crops: CropSet, model: FaceModel) -> None:
    one, other = (FaceDataset(crops, model, 128, AugmentConfig(), seed=1) for _ in range(2))
    assert torch.equal(one[(0, 5)]["image"], other[(0, 5)]["image"])
    assert not torch.equal(one[(0, 5)]["image"], one[(0, 6)]["image"])


def test_any_side_of_a_face_is_covered_by_as_much_as_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[20:81, 30:71]
    face = np.stack([x.ravel(), y.ravel()], 1)
    middles = []
    for _ in range(200):
        mask = np.zeros((112, 112), np.uint8)
        cover_side(mask, rng, face, 1 / 3)
        covered = mask[face[:, 1], face[:, 0]] > 0
        assert 0.2 < covered.mean() < 0.4
        middles.append(face[covered].mean(0) - face.mean(0))
    sides = np.array(middles)
    assert all((sides @ way > 8).sum() > 20 for way in ((1, 0), (-1, 0), (0, 1), (0, -1)))


def test_a_wink_shuts_one_eye_and_its_labels_follow(crops: CropSet, model: FaceModel) -> None:
    winks, image, points, expression = Winks.of(model), crops.picture(0), crops.points[0], crops.expression[0]
    gaps = (points[145] - points[159])[1], (points[374] - points[386])[1]
    view = WeakPerspective(crops.rotation[0], float(crops.scale[0]), *(float(v) for v in crops.origin[0]))
    rng = np.random.default_rng(4)
    blinks = [model.index("eyeBlinkRight"), model.index("eyeBlinkLeft")]
    shut = []
    for _ in range(10):
        drawn, moved, told = winks.wink(image, points, expression, view, rng)
        side = int(np.argmax((told - expression)[blinks]))
        upper, lower = ((159, 145), (386, 374))[side]
        assert (moved[lower] - moved[upper])[1] < 0.4 * gaps[side]
        assert told[blinks[side]] > expression[blinks[side]] + 1
        assert told[blinks[1 - side]] == expression[blinks[1 - side]]
        changed = np.nonzero(np.abs(drawn.astype(int) - image).max(2) > 8)
        middle = points[[upper, lower]].mean(0)
        assert len(changed[0]) > 20 and np.hypot(changed[1] - middle[0], changed[0] - middle[1]).max() < 45
        shut.append(side)
    assert set(shut) == {0, 1}


def test_placement_error_is_of_the_whole_face_alone(crops: CropSet) -> None:
    target = torch.from_numpy(crops.points[:1]).double()
    middle = target.mean(1, keepdim=True)
    arm = target - middle
    eyes = float(torch.linalg.norm(target[0, 33] - target[0, 263]))
    reach = float(arm.square().sum(2).mean().sqrt())
    assert float(placement_error(target, target)) < 1e-3
    assert float(placement_error(target + torch.tensor([3.0, 4.0]), target)) == pytest.approx(500 / eyes)
    assert float(placement_error(middle + 1.02 * arm, target)) == pytest.approx(2 * reach / eyes, rel=1e-4)
    turned = torch.stack([arm[..., 0] - 0.01 * arm[..., 1], arm[..., 1] + 0.01 * arm[..., 0]], 2)
    assert float(placement_error(middle + turned, target)) == pytest.approx(reach / eyes, rel=1e-3)


def test_rotation_matrix_agrees_with_numpy() -> None:
    from expnet_live.geometry.rotation import matrix_from_vector

    v = np.random.default_rng(0).normal(size=(5, 3))
    assert np.allclose(rotation_matrix(torch.from_numpy(v).float()).numpy(), matrix_from_vector(v), atol=1e-5)


def test_draws_resume_where_they_stopped() -> None:
    weights = np.arange(1.0, 11.0)
    whole = list(RandomDraws(weights, 0, 9000, seed=1))
    assert whole[5000:] == list(RandomDraws(weights, 5000, 9000, seed=1))
    shares = [list(RandomDraws(weights, 0, 9000, 1, rank, 2)) for rank in range(2)]
    assert sorted(shares[0] + shares[1], key=lambda d: d[1]) == whole
    assert [len(list(RandomDraws(weights, 0, 111, 1, rank, 4))) for rank in range(4)] == [27] * 4
    assert len(RandomDraws(weights, 96, 111, 1, 3, 4)) == len(list(RandomDraws(weights, 96, 111, 1, 3, 4))) == 3
    assert list(RandomDraws(weights, 120, 111, 1)) == []


def test_rare_expressions_are_drawn_more_often(crops: CropSet) -> None:
    weights = sample_weights(crops)
    extreme = np.abs(crops.expression).max(1)
    assert weights.min() >= 1 and weights[extreme.argmax()] >= weights[extreme.argmin()]
