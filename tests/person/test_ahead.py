"""A camera that does not stand where a person looks: set neutral, they look straight ahead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exports import CASES, exported, session_of_cases
from scipy.spatial.transform import Rotation
from sending import WEIGHTS, face_of, looking

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES, blendshapes_of
from expnet_live.core.types import Array
from expnet_live.outputs.run import states_of
from expnet_live.outputs.sample import Sample
from expnet_live.person.ahead import LOOKS, Ahead
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles
from expnet_live.sessions.reading.session import Session

# The camera stands 30 degrees to a person's side and above the screen.
ASIDE = (Rotation.from_rotvec([0, -0.52, 0]) * Rotation.from_rotvec([0.2, 0, 0])).as_rotvec()
LOW = np.array([[0.02, -0.1], [-0.02, -0.1]], np.float32)


def ahead_of(rotation: Array, gaze: Array) -> Ahead:
    return Ahead.of([replace(face_of(0, rotation, gaze).state)])


def test_turns_are_about_the_persons_own_axes() -> None:
    ahead = ahead_of(ASIDE, LOW)
    for turn, _ in CASES:
        seen = (Rotation.from_rotvec(ASIDE) * Rotation.from_rotvec(turn)).as_rotvec()
        np.testing.assert_allclose(ahead.turned(seen), turn, atol=1e-6)
    rows = np.array([ASIDE, [np.nan] * 3], np.float32)
    turned = ahead.turned(rows)
    np.testing.assert_allclose(turned[0], 0, atol=1e-6)
    assert np.isnan(turned[1]).all() and turned.dtype == np.float32


def test_eyes_are_at_rest_where_they_look_ahead() -> None:
    """Actions pass through 0 into the opposite one, and keep all that is no look."""
    ahead = ahead_of(ASIDE, LOW)
    np.testing.assert_allclose(ahead.aimed(LOW), 0, atol=1e-6)
    low = blendshapes_of(**WEIGHTS, **looking(LOW))
    assert ahead.looked(low) == pytest.approx(blendshapes_of(**WEIGHTS), abs=1e-4)
    half = ahead.looked(blendshapes_of(eyeLookDownLeft=0.5 * 0.1 / 0.556, eyeLookDownRight=0.1 / 0.556))
    assert half[INDEX["eyeLookUpLeft"]] == pytest.approx(0.05 / 0.556, abs=1e-4) and half[INDEX["eyeLookDownLeft"]] == 0
    assert half[INDEX["eyeLookUpRight"]] == pytest.approx(0, abs=1e-4)
    assert np.isnan(ahead.looked(np.full((2, N_BLENDSHAPES), np.nan))[0]).all()


def test_profiles_keep_it(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path)
    rounded = Ahead(np.float32([0.1, -0.52, 0]), LOW, tuple(i / 10 for i in range(len(LOOKS))))
    for ahead in (rounded, replace(rounded, gaze=None), None):
        person = Person("Ana", ahead=ahead)
        profiles.save(person)
        assert profiles.load("Ana") == person
    assert person.calibrated_as(Person(ahead=rounded)).ahead == rounded
    assert Person(neutral={"jawOpen": 0.1}, ahead=rounded).uncalibrated().ahead is None


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The cases of other tests as a camera aside sees them, of eyes that look low; the person's look ahead is known."""
    session = session_of_cases(tmp_path / "takes")
    rows, n = session.rows, len(CASES)
    turned, gaze, weights = (np.array(a) for a in (rows.rotation, rows.gaze, rows.blendshapes))
    for i, (turn, look) in enumerate(CASES):
        turned[i] = (Rotation.from_rotvec(ASIDE) * Rotation.from_rotvec(turn)).as_rotvec()
        gaze[i] = LOW + look
        weights[i] = blendshapes_of(**WEIGHTS, **looking(gaze[i]))
    assert np.isnan(turned[n]).all()
    person = Person(ahead=ahead_of(ASIDE, LOW))
    rows = replace(rows, rotation=turned, gaze=gaze, blendshapes=weights)
    return replace(session, rows=rows, info=replace(session.info, person=person))


def test_a_session_is_sent_straight(session: Session) -> None:
    states = list(states_of(session)(1, 0.0))
    for state, (turn, look) in zip(states, CASES, strict=False):
        sample = Sample.of(state, state.faces[0])
        np.testing.assert_allclose(sample.rotation, turn, atol=1e-5)
        np.testing.assert_allclose(sample.gaze, look, atol=1e-6)
        np.testing.assert_allclose(sample.blendshapes, blendshapes_of(**WEIGHTS, **looking(np.array(look))), atol=2e-4)
        # The camera's picture still shows it aside.
        seen = (Rotation.from_rotvec(ASIDE) * Rotation.from_rotvec(turn)).as_rotvec()
        np.testing.assert_allclose(state.faces[0].in_place.rotation, seen, atol=1e-5)
    assert not states[-1].faces


def test_animations_are_straight_and_tables_as_measured(session: Session, tmp_path: Path) -> None:
    def of_bvh(folder: str, **options: object) -> Array:
        (tmp_path / folder).mkdir()
        lines = exported(session, tmp_path / folder, "bvh-head", fps=30.0, **options).read_text().splitlines()
        motion = np.array([line.split() for line in lines[lines.index("MOTION") + 3 :]], float)[: len(CASES), -3:]
        (channels,) = (line.split()[2:] for line in lines if line.strip().startswith("CHANNELS"))
        axes = "".join(name[0] for name in channels if name.endswith("rotation"))
        return Rotation.from_euler(axes, motion, degrees=True).as_rotvec()

    turns = np.array([turn for turn, _ in CASES])
    np.testing.assert_allclose(of_bvh("straight"), turns, atol=1e-4)
    measured = session.rows.rotation[: len(CASES)]
    for folder, options in (("full", {"pose": "full"}), ("kept", {"neutral": False})):
        np.testing.assert_allclose(of_bvh(folder, **options), measured, atol=1e-4)
    table = pd.read_csv(exported(session, tmp_path, "csv"))[: len(CASES)]
    np.testing.assert_allclose(table[["rx", "ry", "rz"]], measured, atol=1e-6)
    np.testing.assert_allclose(table["arkit_eyeLookDownLeft"], session.rows.blendshapes[: len(CASES), 1], atol=1e-6)
