"""Other names for ARKit's actions, and how weights are bent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES, blendshapes_of
from expnet_live.core.channels import VRM_0, VRM_1, Channels
from expnet_live.core.errors import UserError
from expnet_live.outputs.channels import ACTION_UNITS, LIP_SUCK, VTUBE_STUDIO
from expnet_live.outputs.shape import Shape
from expnet_live.person.curve import Curve


def test_action_units() -> None:
    assert len(ACTION_UNITS.names) == 17 and ACTION_UNITS.names[0] == "AU01" and ACTION_UNITS.names[-1] == "AU45"
    smile = ACTION_UNITS.named(blendshapes_of(mouthSmileLeft=1.0, mouthSmileRight=0.5, jawOpen=0.2, mouthClose=0.2))
    assert (smile["AU12"], smile["AU26"], smile["AU25"]) == pytest.approx((3.75, 1.0, 0.0))
    everything = np.ones(N_BLENDSHAPES, np.float32)
    for channels, top in ((ACTION_UNITS, 5), (LIP_SUCK, 5), (VRM_0, 1), (VRM_1, 1), (VTUBE_STUDIO, 1)):
        values = channels.values(everything)
        assert values.min() >= 0 and values.max() <= top
        assert np.isnan(channels.values(np.full((2, N_BLENDSHAPES), np.nan))).all()


def test_vrm() -> None:
    open_ = VRM_1.named(blendshapes_of(jawOpen=1.0, eyeBlinkLeft=1.0))
    assert (open_["aa"], open_["oh"], open_["blinkLeft"], open_["blinkRight"]) == pytest.approx((0.5, 0.3, 1, 0))
    assert set(VRM_0.names) >= {"A", "I", "U", "E", "O", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun"}


def test_rest_is_rest() -> None:
    rest = VTUBE_STUDIO.named(np.zeros(N_BLENDSHAPES))
    assert {n for n, v in rest.items() if v == 0.5} == {
        "MouthSmile", "Brows", "BrowLeftY", "BrowRightY", "EyeOpenLeft", "EyeOpenRight",
    }  # fmt: skip
    assert not VRM_1.values(np.zeros(N_BLENDSHAPES)).any()
    with pytest.raises(KeyError):
        Channels.of({"x": {"eyebrow": 1}})


def test_dead_zones_gains_and_curves() -> None:
    shape = Shape.of({
        "eyeBlink*": Curve(dead=0.2, gain=2.0),
        "jawOpen": Curve(points=[(0.0, 0.0), (0.5, 1.0), (1.0, 1.0)]),
        "tongueOut": Curve(dead=1.0),
    })  # fmt: skip
    weights = np.full(N_BLENDSHAPES, 0.4, np.float32)
    bent = shape(weights)
    assert bent[INDEX["eyeBlinkLeft"]] == bent[INDEX["eyeBlinkRight"]] == pytest.approx(0.5)
    assert bent[INDEX["jawOpen"]] == pytest.approx(0.8) and bent[INDEX["tongueOut"]] == 0
    others = np.delete(
        np.arange(N_BLENDSHAPES), [INDEX[n] for n in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "tongueOut")]
    )
    np.testing.assert_array_equal(bent[others], weights[others])
    assert shape(np.full(N_BLENDSHAPES, 0.1, np.float32))[INDEX["eyeBlinkLeft"]] == 0
    assert shape(np.ones(N_BLENDSHAPES, np.float32))[INDEX["eyeBlinkLeft"]] == 1


def test_files_of_curves(tmp_path: Path) -> None:
    path = tmp_path / "curves.json"
    path.write_text('{"version": 1, "curves": {"jawOpen": {"gain": 2}}}')
    assert Shape.load(path)(np.full(N_BLENDSHAPES, 0.25, np.float32))[INDEX["jawOpen"]] == 0.5
    for text, reason in (
        ("[]", "is not a file of curves"),
        ('{"version": 2, "curves": {}}', "has version 2"),
        ('{"version": 1, "curves": {"smile": {}}}', "There is no action called smile"),
        ('{"version": 1, "curves": {"jawOpen": {"gain": -1}}}', "is not a file of curves"),
        ('{"version": 1, "curves": {"jawOpen": {"gian": 1}}}', "is not a file of curves"),
        ('{"version": 1, "curves": {"jawOpen": {"points": [[1, 0], [0, 1]]}}}', "do not go from left to right"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=reason):
            Shape.load(path)
    with pytest.raises(UserError, match="cannot be read"):
        Shape.load(tmp_path / "nothing.json")
