"""A person's own resting values of ARKit's actions: calibrated, stored, and subtracted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_files import face

from expnet_live.core.arkit import INDEX, blendshapes_of
from expnet_live.core.types import FaceState
from expnet_live.heads.face_model import FaceModel
from expnet_live.live.state import LiveFace
from expnet_live.person.calibration import Calibration
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles


def looks(n: int = 70, **weights: float) -> list[FaceState]:
    still = replace(face(0), blendshapes=blendshapes_of(**weights))
    rng = np.random.default_rng(1)
    noisy = [np.clip(still.blendshapes + rng.normal(0, 0.01, 52), 0, 1).astype(np.float32) for _ in range(n)]
    return [replace(still, timestamp=i / 30, blendshapes=w) for i, w in enumerate(noisy)]


def test_rest_is_taken_off_and_the_full_action_stays_full() -> None:
    person = Person(resting={"browDownLeft": 0.2}, gains={"jawOpen": 2.0})
    seen = blendshapes_of(browDownLeft=0.2, jawOpen=0.3)
    shown = person.corrected_blendshapes(seen)
    assert shown[INDEX["browDownLeft"]] == pytest.approx(0, abs=1e-6)
    assert shown[INDEX["jawOpen"]] == pytest.approx(0.6)
    full = person.corrected_blendshapes(np.ones(52, np.float32))
    assert full.dtype == np.float32 and (full == 1).all()
    assert person.corrected_blendshapes(blendshapes_of()).min() == 0
    assert np.array_equal(Person().corrected_blendshapes(seen), seen)


def test_calibration_finds_it_but_for_the_eyes() -> None:
    calibration = Calibration(tuple(f"c{i}" for i in range(29)))
    for i, look in enumerate(looks(mouthPressLeft=0.3, eyeBlinkLeft=0.4, eyeLookDownRight=0.3, jawOpen=0.002)):
        calibration.add((look,), i / 30)
    person = calibration.result(Person())
    assert set(person.resting) - {"mouthPressLeft"} == set() and person.resting["mouthPressLeft"] == pytest.approx(
        0.3, abs=0.01
    )
    assert not person.uncalibrated().resting


def test_models_without_actions_calibrate_as_before() -> None:
    calibration = Calibration(tuple(f"c{i}" for i in range(29)))
    for i, look in enumerate(looks()):
        calibration.add((replace(look, blendshapes=None),), i / 30)
    assert calibration.result(Person()).resting == {}


def test_profiles_keep_it_and_older_ones_have_none(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path)
    profiles.save(Person("Ada", resting={"browInnerUp": 0.25}))
    assert profiles.load("Ada").resting == {"browInnerUp": 0.25}
    file = next(tmp_path.glob("*.json"))
    file.write_text(file.read_text().replace('"resting"', '"other"'))
    assert profiles.load("Ada").resting == {}


def test_a_live_face_is_worn_with_its_actions() -> None:
    model = FaceModel.load()
    state = replace(face(0, model.n_identity), blendshapes=blendshapes_of(jawOpen=0.8))
    worn = LiveFace(state, state.expression, state.identity, model, state.blendshapes).on(model)
    assert np.array_equal(
        worn.vertices, model.vertices(state.expression, state.identity, state.gaze, blendshapes_of(jawOpen=0.8))
    )
    assert worn.blendshapes is state.blendshapes
