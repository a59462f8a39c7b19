"""The names of ARKit's blendshapes."""

import pickle

import numpy as np
import pytest

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR, Blendshapes, blendshapes_of
from expnet_live.core.types import checked_blendshapes


def test_the_order_is_apples():
    assert len(ARKIT) == len(set(ARKIT)) == 52
    places = {"eyeBlinkLeft": 0, "eyeBlinkRight": 7, "jawForward": 14, "jawOpen": 17, "mouthSmileLeft": 23,
              "mouthRollLower": 31, "mouthPressLeft": 35, "browDownLeft": 41, "browInnerUp": 43, "cheekPuff": 46,
              "noseSneerRight": 50, "tongueOut": 51}  # fmt: skip
    assert {name: INDEX[name] for name in places} == places


def test_a_mirror_swaps_left_and_right():
    assert np.array_equal(MIRROR[MIRROR], np.arange(52))
    assert ARKIT[MIRROR[INDEX["jawLeft"]]] == "jawRight"
    assert ARKIT[MIRROR[INDEX["eyeLookInLeft"]]] == "eyeLookInRight"
    assert MIRROR[INDEX["jawOpen"]] == INDEX["jawOpen"]


def test_weights_by_name():
    weights = blendshapes_of(jawOpen=0.5)
    assert weights[INDEX["jawOpen"]] == 0.5 and weights.sum() == 0.5
    with pytest.raises(KeyError):
        blendshapes_of(mouthSmirk=1.0)


def test_an_array_of_weights_goes_by_names():
    one = blendshapes_of(jawOpen=0.5, mouthPucker=0.25).view(Blendshapes)
    assert (one["jawOpen"], one["mouthPucker"], one[INDEX["jawOpen"]]) == (0.5, 0.25, 0.5)
    several = np.stack([one, 0 * one]).view(Blendshapes)
    assert several["jawOpen"].tolist() == [0.5, 0] and several[0]["jawOpen"] == 0.5
    for part, name in ((one, "mouthSmirk"), (one[20:], "jawOpen")):
        with pytest.raises(KeyError):
            part[name]
    assert pickle.loads(pickle.dumps(one))["mouthPucker"] == 0.25


def test_weights_are_checked():
    assert checked_blendshapes(np.full(52, 2.0)).max() == 1
    with pytest.raises(ValueError, match="shape"):
        checked_blendshapes(np.zeros(29))
    with pytest.raises(ValueError, match="finite"):
        checked_blendshapes(np.full(52, np.nan))
