"""The picture sheets that document the face model."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.heads.face_model import FaceModel
from expnet_live.render.sheet import cells, component_sheet, mean_face_sheet, rig_sheet

FACE = (62, 76)


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def test_components_are_seen(model: FaceModel) -> None:
    names = ("jawOpen", "eyeBlinkLeft", "browDownRight")
    picture = component_sheet(model, names, FACE).astype(float)
    rest, *others = (picture[y : y + FACE[1], x : x + FACE[0]] for x, y in cells(3, FACE))
    assert min(np.abs(other - rest).max() for other in others) > 20


def test_actions_are_seen(model: FaceModel) -> None:
    picture = rig_sheet(model, ("jawOpen", "eyeBlinkLeft", "cheekPuff"), FACE).astype(float)
    cells = [picture[92 : 92 + FACE[1], x : x + FACE[0]] for x in (30 + k * (FACE[0] + 7) for k in range(4))]
    assert min(np.abs(cell - cells[0]).max() for cell in cells[1:]) > 20


def test_the_mean_face_is_seen_from_three_sides(model: FaceModel) -> None:
    picture = mean_face_sheet(model, (100, 130))
    assert picture.dtype == np.uint8 and picture.shape[1] > 300
    skin = (picture[:, :, 2] > picture[:, :, 0] + 20).mean(0)
    thirds = [third.max() for third in np.array_split(skin, 3)]
    assert min(thirds) > 0.4
