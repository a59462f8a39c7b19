"""The shown head turns further than its person, as the profile says; what is recorded stays as it was measured."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exports import CASES, Glb, exported, session_of_cases
from pythonosc.osc_message import OscMessage
from scipy.spatial.transform import Rotation
from sending import PATIENCE

from expnet_live.cli import main
from expnet_live.outputs.run import states_of
from expnet_live.outputs.sample import Sample
from expnet_live.person.ahead import Ahead
from expnet_live.person.person import FARTHEST, HEAD_TURN, Person
from expnet_live.person.profiles import Profiles
from expnet_live.sessions.reading.session import Session

TURNS = np.array([turn for turn, _ in CASES])


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Of a person whose head is to turn half as far again."""
    session = session_of_cases(tmp_path / "takes")
    return replace(session, info=replace(session.info, person=Person().with_gain(HEAD_TURN, 1.5)))


def test_turns_about_all_axes_grow_as_far_as_a_neck_goes() -> None:
    person = Person().with_gain(HEAD_TURN, 2.0)
    seen = np.array([[0.1, -0.2, 0.05], [0, 0, 0], [0.9, 0, 0], [0, 1.5, 0], [np.nan] * 3], np.float32)
    shown = person.turned(seen)
    np.testing.assert_allclose(shown[:4], [[0.2, -0.4, 0.1], [0, 0, 0], [FARTHEST, 0, 0], [0, 1.5, 0]], rtol=1e-6)
    assert np.isnan(shown[4]).all() and shown.dtype == np.float32
    np.testing.assert_allclose(person.turned(seen[0]), shown[0])
    np.testing.assert_allclose(person.with_gain(HEAD_TURN, 0.5).turned(seen[3]), [0, 0.75, 0])
    assert person.with_gain(HEAD_TURN, 1.0).turned(seen) is seen


def test_turns_count_from_the_look_ahead() -> None:
    aside = np.array([0.1, -0.5, 0])
    person = replace(Person().with_gain(HEAD_TURN, 2.0), ahead=Ahead(aside))
    seen = (Rotation.from_rotvec(aside) * Rotation.from_rotvec([0, 0.2, 0])).as_rotvec()
    np.testing.assert_allclose(person.turned(seen), [0, 0.4, 0], atol=1e-6)
    np.testing.assert_allclose(person.turned(aside), 0, atol=1e-6)


def test_profiles_keep_it(tmp_path: Path) -> None:
    person = Person("Ana").with_gain(HEAD_TURN, 1.5)
    Profiles(tmp_path).save(person)
    assert Profiles(tmp_path).load("Ana") == person


def test_it_is_sent_and_the_measured_head_stays(session: Session) -> None:
    for state, (turn, look) in zip(states_of(session)(1, 0.0), CASES, strict=False):
        (face,) = state.faces
        sample = Sample.of(state, face)
        np.testing.assert_allclose(sample.rotation, 1.5 * turn, atol=1e-6)
        np.testing.assert_allclose(sample.gaze, look, atol=1e-6)
        np.testing.assert_allclose(face.state.pose.rotation, turn, atol=1e-6)
        np.testing.assert_allclose(face.in_place.rotation, turn, atol=1e-6)  # over the camera's picture


def test_animations_have_it_and_tables_do_not(session: Session, tmp_path: Path) -> None:
    def turned(name: str, **options: object) -> np.ndarray:
        (tmp_path / name).mkdir()
        glb = Glb(exported(session, tmp_path / name, "glb", **options))
        (sampler,) = (
            glb.animation.samplers[c.sampler]
            for c in glb.animation.channels
            if c.target.path == "rotation" and "eye" not in (glb.gltf.nodes[c.target.node].name or "").lower()
        )
        return Rotation.from_quat(glb.array(sampler.output)[: len(CASES)]).as_rotvec()

    np.testing.assert_allclose(turned("shown"), 1.5 * TURNS, atol=1e-4)
    for name, options in (("ignored", {"gains": False}), ("full", {"pose": "full"})):
        np.testing.assert_allclose(turned(name, **options), TURNS, atol=1e-4)
    np.testing.assert_allclose(session.rows.rotation[: len(CASES)], TURNS, atol=1e-6)


def test_the_command_takes_it(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(PATIENCE)
        target = f"vmc://127.0.0.1:{udp.getsockname()[1]}?messages=single"
        assert main(["stream", str(session.folder), "--to", target, "--head-turn", "0.5"]) == 0
        while True:
            message = OscMessage(udp.recv(4096))
            if message.params[:1] == ["Head"]:
                break
    yaw = 0.5 * TURNS[0][1]  # the head's first turn, to its own left: about y, which is -y in Unity
    assert message.params[4:] == pytest.approx([0, -np.sin(yaw / 2), 0, np.cos(yaw / 2)], abs=1e-4)
    with pytest.raises(SystemExit):
        main(["stream", "demo", "--to", "vmc", "--head-turn", "4"])
    assert "4 is not a number from 0 to 3, such as 1.5" in capsys.readouterr().err
