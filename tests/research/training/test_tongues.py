"""Tongues drawn on photos: they lie over the lower lip, and are told as long as they are."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.tongues import put_out

SIZE = 112
LIP, CHIN, EYE = 14, 152, 159


@pytest.fixture(scope="module")
def face() -> Array:
    """Points (468, 2) px of a face that looks into the camera, its lips closed."""
    model = FaceModel.load()
    view = WeakPerspective(np.zeros(3, np.float32), SIZE / 220, SIZE / 2, SIZE / 2)
    return np.asarray(view.project(model.mean)[:, :2], np.float64)


@pytest.fixture
def skin() -> Image:
    return np.full((SIZE, SIZE, 3), (120, 150, 200), np.uint8)


def test_it_is_as_long_as_is_told(face: Array, skin: Image) -> None:
    rng = np.random.default_rng(0)
    below = face[CHIN, 1] - face[LIP, 1]
    told, seen = [], []
    for _ in range(60):
        found = put_out(skin, face, rng)
        assert found is not None
        picture, strength = found
        changed = np.abs(picture.astype(int) - skin).max(-1) > 25
        rows = np.flatnonzero(changed.any(1))
        assert rows.min() >= face[LIP, 1] - 3, "nothing above the mouth changes"
        told.append(strength)
        seen.append((rows.max() - face[LIP, 1]) / below)
    told_, seen_ = np.array(told), np.array(seen)
    partly = told_ < 1
    assert 10 < partly.sum() < 50 and told_.min() > 0.1
    assert np.corrcoef(told_[partly], seen_[partly])[0, 1] > 0.9
    assert seen_[~partly].min() > seen_[partly].mean()


def test_it_is_gray_in_gray_photos(face: Array) -> None:
    found = put_out(np.full((SIZE, SIZE, 3), 130, np.uint8), face, np.random.default_rng(1))
    assert found is not None
    assert np.ptp(found[0].astype(int), axis=2).max() <= 1


def test_there_is_none_where_no_mouth_is_seen(face: Array, skin: Image) -> None:
    small = (face - SIZE / 2) * 0.1 + SIZE / 2
    beside = face + np.array([3 * SIZE, 0])
    rng = np.random.default_rng(2)
    assert put_out(skin, small, rng) is None and put_out(skin, beside, rng) is None
