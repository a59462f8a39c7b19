"""A person's gains, neutral and profile."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.core.naming import is_device
from expnet_live.heads.face_model import FaceModel
from expnet_live.person.calibration import Calibration
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles


def test_calibration_without_a_face() -> None:
    calibration = Calibration(FaceModel.load().names, patience=1.0)
    assert not calibration.add((), 0.0) and not calibration.add((), 0.9) and calibration.add((), 1.1)
    with pytest.raises(UserError, match="face the camera"):
        calibration.result(Person())


def test_gains_and_profiles(tmp_path: Path) -> None:
    model = FaceModel.load()
    names = model.names
    person = Person("Ömer / B", neutral={"jawOpen": 0.5}).with_gain("jawOpen", 2.0).with_gain("browDownLeft", 9.0)
    assert person.gains == {"jawOpen": 2.0, "browDownLeft": 3.0}
    shown = person.corrected(model.expression_of(jawOpen=1.0), names)
    assert shown[names.index("jawOpen")] == pytest.approx(1.0)
    assert person.with_gain("jawOpen", 1.0).gains == {"browDownLeft": 3.0}

    profiles = Profiles(tmp_path / "p")
    assert profiles.names() == [] and profiles.load("Ömer / B") == Person("Ömer / B")
    profiles.save(person)
    loaded = profiles.load("Ömer / B")
    assert loaded == person and profiles.names() == ["Ömer / B"]
    next((tmp_path / "p").glob("*.json")).write_text("{")
    with pytest.raises(UserError, match="calibrate again"):
        profiles.load("Ömer / B")


def test_a_name_of_any_length_has_a_profile_of_its_own(tmp_path: Path) -> None:
    profiles, names = Profiles(tmp_path), ["\u00f6" * 300, "\u00f6" * 301]
    for name in names:
        assert not profiles.has(name)
        profiles.save(Person(name, neutral={"jawOpen": len(name)}))
    assert profiles.names() == names and all(profiles.load(n).neutral["jawOpen"] == len(n) for n in names)
    profiles.rename(names[0], "x" * 400)
    assert profiles.names() == ["x" * 400, names[1]]


def test_the_neutral_face_of_the_first_profiles_stays_the_same_face(tmp_path: Path) -> None:
    model = FaceModel.load()
    before = model.in_version("1")
    neutral = dict(zip(model.names, np.linspace(-0.5, 0.5, model.n_expression).tolist(), strict=True))
    profiles = Profiles(tmp_path)
    profiles.save(Person("Ana", neutral=neutral, gains={"jawOpen": 1.5}))
    path = next(tmp_path.glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 1}))
    ana = profiles.load("Ana")
    was = before.landmarks(np.array(list(neutral.values())))
    now = model.landmarks(np.array([ana.neutral[name] for name in model.names]))
    moved = np.linalg.norm(was - model.mean, axis=1).mean()
    assert np.linalg.norm(now - was, axis=1).mean() < 0.3 * moved and ana.gains == {"jawOpen": 1.5}
    profiles.save(ana)
    assert profiles.load("Ana").neutral == ana.neutral  # not once more


def test_renaming_keeps_everything_and_takes_nobodys_name(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path)
    profiles.save(Person("ana", gains={"jawOpen": 1.5}))
    profiles.save(Person("Ben"))
    profiles.rename("ana", "Ana")  # the same file
    assert profiles.names() == ["Ana", "Ben"] and profiles.load("Ana").gains == {"jawOpen": 1.5}
    with pytest.raises(UserError, match="already a profile Ben"):
        profiles.rename("Ana", "Ben")
    profiles.rename("Ana", "Anna")
    assert profiles.names() == ["Anna", "Ben"]


def test_the_tone_of_the_skin_is_kept_and_gives_way_to_somebody_elses(tmp_path: Path) -> None:
    person = Person("Ana", skin=np.array([172.0, 124, 98], np.float32))
    Profiles(tmp_path).save(person)
    assert Profiles(tmp_path).load("Ana") == person and Person().toned(None) is None
    own = person.skin
    assert person.toned(None) is own
    lamp, other = np.array([160.0, 112, 92]), np.array([92.0, 62, 50])
    assert np.abs(person.toned(lamp) - own).max() < 1  # another lamp changes nothing
    assert np.abs(person.toned(other) - other).max() < 1  # somebody else sits there
    assert Person().toned(lamp) is lamp and person.uncalibrated().skin is None
    gains = {"jawOpen": 2.0}
    assert Person("Ben", gains=gains).calibrated_as(person) == Person("Ben", gains=gains, skin=own)


def test_gestures_that_a_script_measured_are_kept(tmp_path: Path) -> None:
    examples = np.linspace(0, 1, 3 * 55, dtype=np.float32).reshape(3, 55)
    profiles = Profiles(tmp_path)
    profiles.save(Person("Ada", gestures={"kiss": examples}))  # type: ignore[dict-item]
    np.testing.assert_array_equal(np.array(profiles.load("Ada").gestures["kiss"], np.float32), examples)


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    """Devices of Windows, and names from a command line that are no text."""
    profiles, names = Profiles(tmp_path), ["Con", "aux", "\udce9", "COM1"]
    for name in names:
        assert not profiles.has(name) and profiles.load(name) == Person(name)
        profiles.save(Person(name, neutral={"jawOpen": 0.5}))
    assert sorted(profiles.names()) == sorted(names)
    assert not any(is_device(path.name) for path in tmp_path.iterdir())
    (tmp_path / "nul.json").write_text((tmp_path / profiles_file(tmp_path, "Con")).read_text().replace("Con", "Nul"))
    assert profiles.load("Nul").neutral == {"jawOpen": 0.5}  # as earlier versions wrote it


def profiles_file(folder: Path, name: str) -> str:
    return next(p.name for p in folder.iterdir() if f'"{name}"' in p.read_text(encoding="utf-8"))


def test_names_that_differ_in_signs_alone_are_two_people(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path)
    people = {"P 1.1": 0.1, "P-1-1": 0.2, "P 1+1": 0.3}
    for name, neutral in people.items():
        profiles.save(Person(name, neutral={"jawOpen": neutral}))
    assert profiles.names() == sorted(people)
    assert {name: profiles.load(name).neutral["jawOpen"] for name in people} == people
    assert profiles.load("p 1.1").name == "P 1.1" and not profiles.has("P.1.1")
    profiles.delete("P 1.1")
    assert not profiles.has("P 1.1") and profiles.load("P 1+1").neutral == {"jawOpen": 0.3}
    profiles.rename("P-1-1", "P.1.1")
    assert sorted(profiles.names()) == ["P 1+1", "P.1.1"] and profiles.load("P.1.1").neutral == {"jawOpen": 0.2}
