"""The built-in network on rendered heads with known actions."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.arkit import INDEX
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression.renders import Renders, measure_renders, text


@pytest.fixture(scope="module")
def found() -> Renders:
    return measure_renders(Pipeline.load(device="cpu").predictor, FaceModel.load(), 1, (1.0,), turns=())


def test_the_network_follows_what_is_plain(found: Renders) -> None:
    rows = {f.name: f for f in found.frontal}
    assert len(rows) == 52
    for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft"):
        assert rows[name].r > 0.5 and rows[name].gain > 0.25
    assert found.other_side[INDEX["eyeBlinkLeft"]] < 0.3
    assert np.isnan(found.other_side[INDEX["jawOpen"]])
    assert 0 <= found.with_yaw["jaw"] <= 1


def test_small_pictures_are_told_worse(found: Renders) -> None:
    assert set(found.mean_r) == {"60 px", "28 px", "14 px", "a third covered"}
    assert found.mean_r["14 px"] < found.mean_r["60 px"]


def test_the_text_names_every_action(found: Renders) -> None:
    lines = text(found).splitlines()
    assert lines[0].startswith("renders: r >= .9") and sum(line.startswith("jawOpen") for line in lines) == 1
