"""The rig is transferred from a head of shapes: from our own head, the same rig results."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.arkit import ARKIT, INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.correspondence import IBUG_ON_HEADS
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.rig import Rig
from expnet_live.research.training.rig import BROW_DOWN, SQUINT, STRENGTH, Source, build_rig


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module")
def source(model: FaceModel) -> Source:
    """Our own head as a model of shapes, its actions at full strength."""
    still, straight = np.zeros(len(model.names), np.float32), np.zeros((2, 2))

    def head(weights: Array) -> Array:
        return model.vertices(still, gaze=straight, blendshapes=weights)

    resting = head(np.zeros(N_BLENDSHAPES, np.float32))
    shapes = np.stack([head(action) - resting for action in np.eye(N_BLENDSHAPES, dtype=np.float32)])
    landmarks = np.zeros(68, int)
    landmarks[list(IBUG_ON_HEADS)] = list(IBUG_ON_HEADS.values())
    marks = np.arange(len(model.mean))
    return Source(resting.astype(float), shapes, ARKIT, model.triangles, model.anatomy.part, landmarks, marks)


@pytest.fixture(scope="module")
def again(model: FaceModel, source: Source) -> Rig:
    return build_rig(source, model)


@pytest.mark.parametrize("name", ["jawOpen", "jawLeft", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp", "cheekPuff"])
def test_an_action_comes_back(name: str, model: FaceModel, again: Rig) -> None:
    theirs, ours = (rig.base[INDEX[name]].astype(float) for rig in (again, model.rig))
    length = np.linalg.norm(theirs), np.linalg.norm(ours)
    assert (theirs * ours).sum() / np.prod(length) > 0.95
    assert length[0] / length[1] == pytest.approx(1, abs=0.15)


def test_strengths_are_in_arkits_sense(model: FaceModel, again: Rig) -> None:
    for name in ("noseSneerLeft", "mouthFrownRight"):
        share = np.linalg.norm(again.base[INDEX[name]]) / np.linalg.norm(model.rig.base[INDEX[name]])
        assert share == pytest.approx(STRENGTH[name], abs=0.15)


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_brows_and_lids_go_as_far_as_in_clips(side: str, model: FaceModel, again: Rig) -> None:
    for name, places, strength in (("browDown", BROW_DOWN, STRENGTH[f"browDown{side}"]), ("eyeSquint", SQUINT, 1.0)):
        row, left = INDEX[f"{name}{side}"], np.array(list(places))
        points = left if side == "Left" else model.mirror[left]
        further = again.base[row, points, 1] - strength * model.rig.base[row, points, 1]
        assert further[:3] == pytest.approx([y for _, y in places.values()][:3], abs=0.7), name


def test_the_jaw_swings_and_sides_mirror_each_other(model: FaceModel, again: Rig) -> None:
    assert again.jaw[INDEX["jawOpen"]] == pytest.approx(model.rig.jaw[INDEX["jawOpen"]], abs=1e-3)
    left, right = (again.base[INDEX[f"mouthFrown{side}"]] for side in ("Left", "Right"))
    assert left == pytest.approx((right * (-1, 1, 1))[model.mirror], abs=0.01)
