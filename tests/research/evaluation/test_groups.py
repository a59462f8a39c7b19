"""The error by skin, age and sex."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.built_in import face_model
from expnet_live.research.evaluation.accuracy.groups import errors_by_group, groups_of, print_groups

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
    found = errors_by_group(groups, errors, [str(i) for i in range(94)])
    assert set(found) == {"sex"} and set(found["sex"].groups) == {"male", "female"}
    male = found["sex"].groups["male"]
    assert found["sex"].gap == pytest.approx(1.2) and male.photos == 40
    assert (male.low, male.high) == pytest.approx((1.5 - 1.96 * 0.08, 1.5 + 1.96 * 0.08), abs=0.02)
    assert found["sex"].low < 1.2 < found["sex"].high
    print_groups(found)
    assert "worst group 1.20 times the best (1." in capsys.readouterr().out


def test_photos_of_one_person_are_drawn_together() -> None:
    groups = [{"sex": "male"}] * 40 + [{"sex": "female"}] * 40
    errors = [1.0, 2.0] * 40
    alone = errors_by_group(groups, errors, [str(i) for i in range(80)])["sex"].groups["male"]
    # Ten photos show one person, and all of them have the same error.
    people = [str(i // 10) for i in range(80)]
    together = errors_by_group(groups, sorted(errors[:40]) * 2, people)["sex"].groups["male"]
    assert together.error == alone.error
    assert together.high - together.low > 2 * (alone.high - alone.low)
