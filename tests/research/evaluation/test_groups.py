"""The error by skin, age and sex."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.built_in import face_model
from expnet_live.research.evaluation.accuracy.groups import errors_by_group, gap, groups_of, print_groups

POINTS = WeakPerspective(np.zeros(3), 0.8, 100.0, 100.0).project(face_model().mean)[:, :2]


def photo(rgb: tuple[int, int, int]) -> Image:
    return np.full((200, 200, 3), rgb[::-1], np.uint8)


def test_groups_come_from_the_cheeks_and_from_the_name() -> None:
    fair, dark, grey = photo((246, 220, 204)), photo((84, 52, 40)), photo((120, 120, 120))
    assert groups_of("utkface/7_1_0_2017.webp", fair, POINTS) == {
        "skin": "very light",
        "age": "under 10",
        "sex": "female",
    }
    assert groups_of("utkface/60_0_1_2017.webp", dark, POINTS)["age"] == "60 and older"
    assert groups_of("omi/12.webp", dark, POINTS) == {"skin": "brown or dark"}
    assert groups_of("muxspace/A_0001.webp", grey, POINTS) == {}


def test_the_gap_is_between_groups_with_enough_photos(capsys: pytest.CaptureFixture[str]) -> None:
    groups = [{"sex": "male"}] * 40 + [{"sex": "female"}] * 40 + [{"sex": "other"}] * 5 + [{}] * 9
    errors = [1.0, 2.0] * 20 + [1.5, 2.1] * 20 + [9.0] * 5 + [5.0] * 9
    found = errors_by_group(groups, errors)
    assert set(found) == {"sex"} and set(found["sex"]) == {"male", "female"}
    assert gap(found["sex"]) == pytest.approx(1.2) and found["sex"]["male"].photos == 40
    assert found["sex"]["male"].uncertain == pytest.approx(0.08, abs=0.002)
    print_groups(found)
    assert "worst group 1.20 times the best (limit 1.15)" in capsys.readouterr().out
