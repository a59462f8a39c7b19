"""The owners of the window's state, without a window: choices and faces, and the person."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from session_files import live_state
from waiting import PATIENCE

from expnet_live.app.state.choices import Choices
from expnet_live.app.state.current_person import CurrentPerson
from expnet_live.app.state.shelf import Shelf
from expnet_live.app.state.window_state import WindowState
from expnet_live.capture.spec import SourceSpec
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.library import Library
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles


def test_observers_hear_of_each_change_once() -> None:
    state, heard = WindowState(Choices()), []
    state.observe(lambda: heard.append(state.choices))
    state.choose(mirror=False)
    state.choose(mirror=False)  # as it is
    state.use_source(SourceSpec.demo(), remember=True)
    assert [(c.mirror, c.source) for c in heard] == [(False, ""), (False, "demo")]


def test_faces_are_held_and_wear_another_head() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    state, other = WindowState(Choices()), FaceModel.load()
    assert state.wear(other) is None
    state.show(live_state(0, 0.0, image))
    worn = state.wear(other)
    assert worn is state.live is not None and worn.faces[0].head is other and state.wear(other) is None
    state.show(live_state(1, 0.1, image, faces=0))
    assert state.live is not None and not state.live.faces and state.faces == worn.faces
    state.use_source(SourceSpec.demo(), remember=False)
    assert state.faces == ()


def test_changes_wait_for_the_profile_that_is_being_read(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles")
    profiles.save(Person("Ada", gains={"jawOpen": 3.0}))
    state = WindowState(Choices())
    shelf, persons, problems = Shelf(profiles, Library(tmp_path / "heads")), list[Person](), list[str]()
    current = CurrentPerson(state, profiles, shelf, persons.append, problems.append)
    disk = threading.Event()
    shelf.ask(lambda: disk.wait(PATIENCE))
    shelf.start()
    current.use("Ada")
    current.change(lambda person: person.with_gain("jawLeft", 2.0))
    current.use("Bob")  # before Ada was read
    current.change(lambda person: person.with_gain("jawRight", 0.5))
    shelf.deliver()
    assert persons == [] and state.person.name == "Default"
    disk.set()
    read = threading.Event()
    shelf.ask(read.set)
    assert read.wait(PATIENCE)
    shelf.deliver()
    shelf.stop()  # the request is still carried out
    assert shelf.join(PATIENCE)
    assert state.person.name == "Bob" and profiles.load("Bob").gains == {"jawRight": 0.5}
    assert profiles.load("Ada").gains == {"jawOpen": 3.0, "jawLeft": 2.0}
    assert [p.gains for p in persons] == [{}, {"jawRight": 0.5}] and problems == []


def test_a_damaged_profile_is_told(tmp_path: Path) -> None:
    profiles, problems = Profiles(tmp_path), list[str]()
    profiles.save(Person("Ada"))
    next(tmp_path.glob("*.json")).write_text("{")
    state, shelf = WindowState(Choices()), Shelf(profiles, Library(tmp_path / "heads"))
    current = CurrentPerson(state, profiles, shelf, lambda person: None, problems.append)
    current.use("Ada")
    shelf.start()
    shelf.stop()
    assert shelf.join(PATIENCE)
    shelf.deliver()
    assert state.person.name == "Ada" and not state.person.gains
    assert len(problems) == 1 and "delete" in problems[0]
