"""Of two people who take turns, one is exported, played, streamed and read; a profile is of one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from turns import FPS, SHOWN, turns

from expnet_live.app.player.replay import Replay
from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.types import Array
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.finding import face_events, session_events, source_events
from expnet_live.live.state import Settings
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.outputs.export.track import track
from expnet_live.outputs.run import states_of
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.reading.reanalysis import reanalyze
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.importing import import_video

FIRST, OTHER = 0, 1
NEUTRAL = 0.5  # sd


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return turns(tmp_path_factory.mktemp("turns") / "turns.mp4")


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline.load(device="cpu")


Made = Callable[[str, Person], Session]


@pytest.fixture(scope="module")
def made(video: Path, pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Makes the session of the video with a profile."""
    root = tmp_path_factory.mktemp("sessions")

    def make(name: str, person: Person) -> Session:
        import_video(video, root / name, Settings(), person, pipeline)
        return Session.open(root / name)

    return make


@pytest.fixture(scope="module")
def plain(made: Made) -> Session:
    return made("plain", Person())


def profile_of(session: Session, face: int) -> Person:
    """A profile with the shape of one of the two."""
    shape = session.rows.identity[session.rows.face == face][-1]
    return Person("Ada", identity=shape, neutral=dict.fromkeys(session.info.coefficients, NEUTRAL))


def seconds(seen: Array) -> float:
    return float(seen.sum() / FPS)


def test_everything_takes_the_one_who_is_seen_longest(plain: Session, tmp_path: Path) -> None:
    rows = plain.rows
    assert plain.info.persons == {0: 0, 1: 1, 2: 0} and set(rows.face.tolist()) == {-1, FIRST, OTHER}
    seen = rows.face == FIRST
    assert seconds(seen) == pytest.approx(2 * SHOWN / FPS, abs=0.5)
    replay = Replay.load(plain.folder)
    assert replay.face == FIRST and np.array_equal(replay.rows.face >= 0, seen)
    assert np.array_equal(np.array([bool(s.faces) for s in states_of(plain)(0, 0.0)]), seen)

    done = export(plain, ExportOptions("bvh-head", tmp_path / "head.bvh"))
    assert done.remarks[0] == "Face 0 of 2 was exported; you can choose another one."
    export(plain, ExportOptions("csv", tmp_path / "other.csv", face=OTHER))
    shown = np.genfromtxt(tmp_path / "other.csv", delimiter=",", names=True)
    assert np.array_equal(shown["confidence"] > 0, rows.face == OTHER)


def test_gestures_are_those_of_one_person(video: Path, plain: Session, pipeline: Pipeline) -> None:
    # The clips are so short that only slight movements are in them.
    rules = [replace(rule, on=rule.on / 4, off=rule.off / 4, hold=0.04) for rule in BUILT_IN.values()]
    own = track(plain.rows, FIRST)
    expected = face_events(own.time, own.blendshapes, own.rotation, rules)
    with open_source(str(video)) as source:
        of_video = source_events(pipeline, source, Person(), rules)
    everyone = track(plain.rows, None)
    assert expected and session_events(plain, rules) == expected
    assert face_events(everyone.time, everyone.blendshapes, everyone.rotation, rules) != expected
    assert [(e.name, round(e.apex, 2)) for e in of_video] == [(e.name, round(e.apex, 2)) for e in expected]


@pytest.mark.parametrize("whose", [FIRST, OTHER])
def test_a_profile_is_of_the_one_with_its_shape(made: Made, plain: Session, whose: int, tmp_path: Path) -> None:
    session = made(f"of {whose}", profile_of(plain, whose))
    assert session.info.named == {whose: "Ada"} and session.info.owners == {whose}
    replay = Replay.load(session.folder)
    assert replay.face == whose and np.array_equal(replay.identity, session.info.person.identity)
    other = replay.following(1 - whose)
    assert not np.array_equal(other.identity, session.info.person.identity)
    for one, subtracted in ((replay, NEUTRAL), (other, 0.0)):
        seen = one.rows.face >= 0
        assert np.allclose(one.rows.expression[seen] - one.expression[seen], subtracted, atol=1e-5)


def test_a_new_analysis_knows_whose_the_profile_is(made: Made, plain: Session, pipeline: Pipeline) -> None:
    session = made("again", profile_of(plain, OTHER))
    assert reanalyze(session, "second", Settings(), pipeline=pipeline).info.named == {OTHER: "Ada"}


def test_a_live_recording_gives_the_neutral_to_its_person_alone(
    plain: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first is followed before the one whose profile it is comes, who is known after a second: a busy machine drops
    frames of it."""
    video = turns(tmp_path / "longer.mp4", 3 * SHOWN)
    Profiles().save(profile_of(plain, OTHER))
    assert main(["record", "--source", str(video), "--out", str(tmp_path / "live"), "--profile", "Ada"]) == 0
    session = Session.open(tmp_path / "live")
    assert session.info.named == {OTHER: "Ada"}
    capsys.readouterr()
    assert main(["gestures", str(session.folder)]) == 0
    assert capsys.readouterr().err == "expnet-live: Face 1 of 2 is read.\n"
