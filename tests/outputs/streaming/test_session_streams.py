"""A recorded session, played through live outputs."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from avatar_files import vrm_1
from pythonosc.osc_message import OscMessage
from sending import PATIENCE, free_port
from session_files import write_session
from waiting import until
from websockets.sync.client import connect

from expnet_live.app.player.replay import Replay
from expnet_live.app.view3d.drawn import own_drawn
from expnet_live.avatars.avatar import Avatar
from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model
from expnet_live.heads.look import Look
from expnet_live.outputs.export.track import corrected
from expnet_live.outputs.run import play_to, states_of
from expnet_live.outputs.stream import OUTPUTS, Address, Stream, parse_target
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.reading.session import Session


def test_it_is_what_was_shown(demo_session: Session) -> None:
    states = list(states_of(demo_session)(1, 100.0))
    rows = demo_session.rows
    shown = corrected(rows, demo_session.info.person, demo_session.info.coefficients)
    assert len(states) == len(rows)
    for i, state in enumerate(states):
        assert state.captured.grabbed == pytest.approx(100 + rows.time[i] - rows.time[0])
        assert len(state.faces) == (rows.face[i] >= 0)
        for face in state.faces:
            np.testing.assert_array_equal(face.expression, shown.expression[i])
            told = shown.blendshapes_of(i)  # this model tells none: the nearest to its coefficients
            nearest = face_model().blendshapes_of(shown.expression[i])
            np.testing.assert_array_equal(face.weights, nearest if told is None else told)
            np.testing.assert_array_equal(face.state.pose.rotation, rows.rotation[i])


def test_it_has_the_shape_and_the_tone_of_its_person(demo_session: Session) -> None:
    rows, info = demo_session.rows, demo_session.info
    (number,) = set(rows.face[rows.face >= 0].tolist())
    shape, tone = np.linspace(-1, 1, info.n_identity, dtype=np.float32), np.array([120.0, 84.0, 60.0])
    for person, identity in (
        (replace(info.person, identity=shape), shape),
        (replace(info.person, identity=None), rows.identity[rows.face >= 0][-1]),
    ):
        session = replace(demo_session, info=replace(info, person=person, skins={number: tone}))
        replay = Replay.of(session, own_drawn(), "", None)
        streamed = [state.faces for state in states_of(session)(1, 100.0)]
        played = [replay.live(row, None, 100.0).faces for row in range(len(rows))]
        assert [len(faces) for faces in streamed] == [len(faces) for faces in played]
        for (face,) in filter(None, [*streamed, *played]):
            np.testing.assert_array_equal(face.identity, identity)
            np.testing.assert_array_equal(face.skin, tone)


def test_it_plays_at_its_own_pace(demo_session: Session) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(PATIENCE)
        stream = Stream(OUTPUTS.named("livelink"), Address("127.0.0.1", udp.getsockname()[1]))
        play_to([stream], demo_session)
        assert stream.sent + stream.dropped == len(demo_session.rows) and stream.sent > 0.9 * len(demo_session.rows)
        faces = [len(udp.recv(4096)) > 200 for _ in range(stream.sent)]
        assert not all(faces) and faces[0]


def test_the_command_repeats_it(demo_session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        target = f"livelink://127.0.0.1:{udp.getsockname()[1]}"
        assert main(["stream", str(demo_session.folder), "--to", target, "--duration", "1"]) == 0
    assert f"{target}: " in capsys.readouterr().out


def test_what_cannot_be_played(demo_session: Session, tmp_path: Path) -> None:
    write_session(tmp_path / "one", 3)  # of three coefficients
    with pytest.raises(UserError, match="another face model"):
        states_of(Session.open(tmp_path / "one"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stream = Stream(*parse_target(f"ws://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(UserError, match="No output is left"):
            play_to([stream], demo_session, duration=5)


def test_web_pages_hear_it(demo_session: Session) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = Stream(*parse_target(f"ws://127.0.0.1:{port}"))
    playing = threading.Thread(target=play_to, args=([stream], demo_session), kwargs={"duration": 3.0})
    playing.start()
    until(lambda: stream.ready)
    with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as client:
        assert json.loads(client.recv(timeout=PATIENCE))["version"] == 1
    playing.join()


def test_markers_are_sent_at_their_times(demo_session: Session) -> None:
    first, last = float(demo_session.rows.time[0]), float(demo_session.rows.time[-1])
    markers = (Marker(last + 9.0, "After"), Marker(first + 0.5, "Stimulus"), Marker(first - 1.0, "Before"))
    marked = replace(demo_session, markers=markers)
    got: dict[str, float] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(PATIENCE)
        stream = Stream(*parse_target(f"vmc://127.0.0.1:{udp.getsockname()[1]}"))
        playing = threading.Thread(target=play_to, args=([stream], marked))
        playing.start()
        while len(got) < 3:
            data = udp.recv(2048)
            if data.startswith(b"/ExpNet/Marker"):
                label, time = OscMessage(data).params
                got[label] = time
        playing.join(PATIENCE)
    assert list(got) == ["Before", "Stimulus", "After"]
    # The time of VMC's messages begins with the first of them, which is that of the marker before.
    assert list(got.values()) == pytest.approx([0.0, 1.5, 1.0 + last - first + 9.0], abs=1e-3)


def test_it_wears_an_avatar(demo_session: Session, tmp_path: Path) -> None:
    (tmp_path / "one.vrm").write_bytes(vrm_1())
    state = next(s for s in states_of(demo_session, str(tmp_path / "one.vrm"))(1, 100.0) if s.faces)
    face = state.faces[0]
    assert isinstance(face.head, Avatar) and len(face.vertices) == len(face.head.rest)
    with pytest.raises(UserError, match=r"none\.vrm cannot be read"):
        states_of(demo_session, str(tmp_path / "none.vrm"))


def test_our_own_head_has_the_look_that_is_asked_for(demo_session: Session) -> None:
    look = Look("long", "blond", "blue")
    state = next(s for s in states_of(demo_session, look=look)(1, 100.0) if s.faces)
    assert state.faces[0].head.traits.look == look
    with pytest.raises(UserError, match="no look"):
        states_of(demo_session, look=Look.parse("feathers"))
