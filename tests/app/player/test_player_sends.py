"""A session plays into the live outputs: a take drives an avatar again."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from players import settled
from pythonosc.osc_bundle import OscBundle
from scipy.spatial.transform import Rotation
from seen import LONG
from sending import free_port
from waiting import PATIENCE
from websockets.sync.client import ClientConnection, connect

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.player.player_view import PlayerView
from expnet_live.app.state.streaming import Streaming
from expnet_live.live.outputs import FanOut
from expnet_live.sessions.format.markers import Marker


@pytest.fixture
def live() -> FanOut:
    """The outputs of the live face."""
    return FanOut()


@pytest.fixture
def streaming(opened: PlayerView, live: FanOut) -> Iterator[Streaming]:
    streaming = Streaming(live)
    opened.sending.connect(streaming.hold)
    opened.sent.connect(streaming.put)
    opened.passed.connect(streaming.mark)
    yield streaming
    assert streaming.close() == []


def come(client: ClientConnection) -> list[dict[str, Any]]:
    """What has come; the player plays on this thread, so nobody waits here."""
    found = []
    while True:
        try:
            found.append(json.loads(client.recv(timeout=0)))
        except TimeoutError:
            return found


def test_what_is_shown_is_sent(qtbot: Any, opened: PlayerView, streaming: Streaming, live: FanOut) -> None:
    port = free_port(socket.SOCK_STREAM)
    streaming.send_to(f"ws://127.0.0.1:{port}")
    assert len(live.outputs) == 1
    qtbot.waitUntil(lambda: streaming.complaints != {}, timeout=LONG)  # it listens, and nobody is there
    opened.actions_["send"].trigger()
    assert live.outputs == () and streaming.held
    replay = opened.replay
    assert replay is not None
    with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as client:
        for row in (3, 20):
            opened.deck.seek(float(replay.rows.time[row]))
            assert settled(qtbot, opened, row) == row
            wanted = replay.rows.rotation[row]

            def arrived(wanted: np.ndarray = wanted) -> bool:
                return any(d["seen"] and np.allclose(d["rotation"], wanted, atol=1e-5) for d in come(client))

            qtbot.waitUntil(arrived, timeout=LONG)  # it stands still, and is sent again
        opened.deck.seek(2.7)  # without a face
        qtbot.waitUntil(lambda: any(not d["seen"] for d in come(client)), timeout=LONG)
        opened.actions_["send"].trigger()
    assert not streaming.held and len(live.outputs) == 1


def test_its_markers_are_sent_as_it_plays(qtbot: Any, opened: PlayerView, streaming: Streaming) -> None:
    playback = opened.playback
    assert playback is not None
    opened.markers.load(())
    for time, label in ((playback.start - 1.0, "early"), (0.5, "one"), (0.8, "two"), (playback.end + 1.0, "late")):
        opened.markers.add(Marker(time, label))
    port = free_port(socket.SOCK_STREAM)
    streaming.send_to(f"ws://127.0.0.1:{port}")
    qtbot.waitUntil(lambda: streaming.complaints != {}, timeout=LONG)
    opened.actions_["send"].trigger()
    found: list[dict[str, Any]] = []

    def marks() -> list[str]:
        found.extend(come(client))
        return [mark["label"] for d in found for mark in d.get("markers", ())]

    with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as client:
        qtbot.waitUntil(lambda: bool(come(client)), timeout=LONG)
        opened.deck.seek(0.6)  # past one of them, which is not played
        opened.deck.play_or_pause()
        qtbot.waitUntil(lambda: not playback.playing and "late" in marks(), timeout=LONG)
        assert marks() == ["two", "late"]
        opened.deck.play_or_pause()  # from the beginning
        qtbot.waitUntil(lambda: "one" in marks(), timeout=LONG)
        assert marks()[2:4] == ["early", "one"]
        opened.actions_["send"].trigger()
    times = [mark["time"] for d in found for mark in d.get("markers", ())]
    # When they were due, however late this computer was.
    assert times[3] - times[2] == pytest.approx(0.5 - playback.start, abs=1e-5)


def test_it_ends_with_the_session(opened: PlayerView, streaming: Streaming, live: FanOut) -> None:
    opened.actions_["send"].trigger()
    streaming.switch("vmc", True)  # while the session plays
    assert streaming.held and live.outputs == ()
    opened.close_session()
    assert not streaming.held and len(live.outputs) == 1
    assert not opened.actions_["send"].isEnabled() and not opened.actions_["send"].isChecked()


def test_the_window_says_so(
    qtbot: Any, open_window: Callable[..., MainWindow], copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        window = open_window()
        window.menus.outputs.address.setText(f"vmc://127.0.0.1:{udp.getsockname()[1]}")
        window.menus.outputs.address.returnPressed.emit()
        window.commands.show_sessions()
        sessions = window.commands.sessions
        assert sessions is not None
        player = sessions.player
        player.open_session(copy)
        qtbot.waitUntil(lambda: player.moment is not None, timeout=LONG)
        player.actions_["send"].trigger()
        qtbot.waitUntil(lambda: window.parts.status.outputs.text() == "→ vmc (session)", timeout=LONG)
        assert player.replay is not None
        wanted = Rotation.from_rotvec(player.replay.rows.rotation[player.shown_row]).as_quat() * [1, -1, -1, 1]

        def head() -> np.ndarray:
            try:
                data = udp.recv(4096)
            except BlockingIOError:
                return np.zeros(4)
            messages = list(OscBundle(data)) if OscBundle.dgram_is_bundle(data) else []
            return next((np.array(m.params[4:]) for m in messages if m.params[:1] == ["Head"]), np.zeros(4))

        qtbot.waitUntil(lambda: np.allclose(head(), wanted, atol=1e-4), timeout=LONG)
        sessions.close()
        qtbot.waitUntil(lambda: window.parts.status.outputs.text() == "→ vmc", timeout=LONG)
