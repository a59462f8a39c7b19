"""The plugin of VTube Studio, against a server that answers as VTube Studio does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decoding import LEFT_EYE, RIGHT_EYE, Decoded, aimed, check, turned_by
from sending import LOOKS, PATIENCE, TURNS, Opened, face_of, frame_of, free_port
from waiting import until
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from expnet_live.core.arkit import ARKIT

DEFAULTS = (
    "FacePositionX", "FacePositionY", "FacePositionZ", "FaceAngleX", "FaceAngleY", "FaceAngleZ", "MouthSmile",
    "MouthOpen", "MouthX", "Brows", "BrowLeftY", "BrowRightY", "EyeOpenLeft", "EyeOpenRight", "EyeLeftX", "EyeLeftY",
    "EyeRightX", "EyeRightY", "CheekPuff", "TongueOut", "FaceAngry",
)  # fmt: skip


class FakeStudio:
    """Knows one token; `allows` says what its user answers (None: not yet)."""

    def __init__(self) -> None:
        self.allows: bool | None = True
        self.tokens = {"secret"}
        self.asked = 0
        self.objection = ""  # to the values that are sent
        self.hangs = threading.Event()
        self.custom: dict[str, dict[str, Any]] = {}
        self.injected: list[dict[str, Any]] = []
        self._clients: set[ServerConnection] = set()
        self._server: Server | None = None
        self.port = 0

    def start(self, port: int = 0) -> None:
        # Ours hears of a close with its next sample; the server shall not wait for it.
        self._server = serve(self._client, "127.0.0.1", port, close_timeout=0.2)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def part(self) -> None:
        """Say goodbye to all clients, and wait a little for their answers."""
        for client in tuple(self._clients):
            client.close()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self.part()
            self._thread.join(PATIENCE)
            self._server = None

    def _client(self, client: ServerConnection) -> None:
        entered = False
        self._clients.add(client)
        try:
            for text in client:
                message = json.loads(text)
                assert (message["apiName"], message["apiVersion"]) == ("VTubeStudioPublicAPI", "1.0")
                assert 0 < len(message["requestID"]) <= 64
                kind, data = message["messageType"], message["data"]
                if self.hangs.is_set():
                    continue
                answer = self._answer(kind, data, entered)
                entered |= kind == "AuthenticationRequest" and answer[1].get("authenticated", False)
                client.send(json.dumps({**message, "messageType": answer[0], "data": answer[1]}))
        except ConnectionClosed:
            pass
        finally:
            self._clients.discard(client)

    def _answer(self, kind: str, data: dict[str, Any], entered: bool) -> tuple[str, dict[str, Any]]:
        if kind == "AuthenticationTokenRequest":
            assert 3 <= len(data["pluginName"]) <= 32 and 3 <= len(data["pluginDeveloper"]) <= 32
            self.asked += 1
            until(lambda: self.allows is not None)
            if not self.allows:
                return "APIError", {"errorID": 50, "message": "User has denied API access"}
            return "AuthenticationTokenResponse", {"authenticationToken": "secret"}
        if kind == "AuthenticationRequest":
            return "AuthenticationResponse", {"authenticated": data["authenticationToken"] in self.tokens}
        if not entered:
            return "APIError", {"errorID": 8, "message": "This session is not authenticated."}
        if kind == "ParameterCreationRequest":
            name = data["parameterName"]
            assert 4 <= len(name) <= 32 and name.isalnum() and len(self.custom) < 100
            self.custom[name] = data
            return "ParameterCreationResponse", {"parameterName": name}
        if kind == "InputParameterListRequest":
            parameters = {"defaultParameters": DEFAULTS, "customParameters": self.custom}
            return "InputParameterListResponse", {k: [{"name": n} for n in v] for k, v in parameters.items()}
        assert kind == "InjectParameterDataRequest" and data["mode"] == "set" and data["parameterValues"]
        assert {p["id"] for p in data["parameterValues"]} <= {*DEFAULTS, *self.custom}
        if self.objection:
            return "APIError", {"errorID": 453, "message": self.objection}
        self.injected.append(data)
        return "InjectParameterDataResponse", {}


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStudio]:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "new"))
    fake = FakeStudio()
    yield fake
    fake.allows = fake.allows is True
    fake.stop()


def put(stream: Any, **face: Any) -> None:
    stream.put(frame_of(1.0, face_of(**face)))


@pytest.mark.parametrize(
    ("turn", "look"),
    [(t, ((0.0, 0.0), (0.0, 0.0))) for t in TURNS.values()] + [(np.zeros(3), look) for look in LOOKS.values()],
    ids=[*TURNS, *LOOKS],
)
def test_the_face_arrives(
    opened: Opened, studio: FakeStudio, turn: np.ndarray, look: tuple[tuple[float, float], ...]
) -> None:
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: studio.injected, each=lambda: put(stream, rotation=turn, gaze=look))
    values = {p["id"]: p["value"] for p in studio.injected[0]["parameterValues"]}
    assert studio.injected[0]["faceFound"] and len(values) == len(DEFAULTS) + 52
    assert len(studio.custom) == 52 and all((p["min"], p["max"]) == (0, 1) for p in studio.custom.values())
    ours = {n: values[f"ExpNet{n[0].upper()}{n[1:]}"] for n in ARKIT}
    yaw, pitch, roll = (np.radians(values[f"FaceAngle{a}"]) for a in "XYZ")
    eyes = {
        eye: aimed(-0.6 * values[f"Eye{side}X"], 0.6 * values[f"Eye{side}Y"])
        for eye, side in ((LEFT_EYE, "Left"), (RIGHT_EYE, "Right"))
    }
    check(Decoded(*turned_by(-yaw, -pitch, -roll), eyes, ours), turn, look)
    assert values["MouthOpen"] == pytest.approx(0.5) and values["EyeOpenLeft"] == 0 and values["EyeOpenRight"] == 0.5
    assert values["MouthSmile"] == pytest.approx(0.5 + 0.25 / 4) and values["BrowLeftY"] == 0.5
    assert all(values[f"FacePosition{a}"] == 0 for a in "XYZ")


def test_the_user_is_asked_once(opened: Opened, studio: FakeStudio) -> None:
    studio.allows = None
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: studio.asked == 1, each=lambda: put(stream))
    assert stream.complaint == "Allow ExpNet Live in VTube Studio's window." and stream.sent == 0
    studio.allows = True
    until(lambda: stream.sent > 0, each=lambda: put(stream))
    assert stream.complaint is None
    other = opened("vtubestudio", studio.port)
    until(lambda: other.sent > 0, each=lambda: put(other))
    assert studio.asked == 1


def test_a_token_that_was_taken_back_is_asked_for_again(opened: Opened, studio: FakeStudio, tmp_path: Path) -> None:
    token = tmp_path / "new" / "vtube_studio.json"
    token.parent.mkdir()
    token.write_text('{"token": "old"}')
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: stream.sent > 0, each=lambda: put(stream))
    assert studio.asked == 1 and "secret" in token.read_text()


def test_a_refusal_is_final(opened: Opened, studio: FakeStudio) -> None:
    studio.allows = False
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: "does not allow" in (stream.complaint or ""), each=lambda: put(stream))
    for _ in range(5):
        put(stream)
    assert studio.asked == 1 and stream.sent == 0


def test_it_waits_for_the_studio_and_comes_back(
    opened: Opened, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expnet_live.outputs.streaming.vtube_studio._RETRY", 0.1)
    port = free_port()
    stream = opened("vtubestudio", port)
    until(lambda: stream.unheard > 0, each=lambda: put(stream))
    assert f"VTube Studio does not answer at 127.0.0.1:{port}" in (stream.complaint or "")
    studio.start(port)
    until(lambda: stream.sent > 0, each=lambda: put(stream))
    studio.stop()
    until(lambda: stream.complaint is not None, each=lambda: put(stream))
    sent = stream.sent
    studio.start(port)
    until(lambda: stream.sent > sent, each=lambda: put(stream))


def test_without_a_face_it_says_so(opened: Opened, studio: FakeStudio) -> None:
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: studio.injected, each=lambda: stream.put(frame_of(1.0)))
    assert not studio.injected[0]["faceFound"]


def test_what_the_studio_objects_to_is_told(opened: Opened, studio: FakeStudio) -> None:
    studio.objection = "FaceAngleX is already controlled by another plugin."
    studio.start()
    stream = opened("vtubestudio", studio.port)
    said = "VTube Studio says: FaceAngleX is already controlled by another plugin."
    until(lambda: stream.complaint == said, each=lambda: put(stream))
    studio.objection = ""
    until(lambda: stream.complaint is None and stream.sent > 0, each=lambda: put(stream))


@pytest.mark.parametrize(
    "words",
    ["hello", "[1]", "null", '{"messageType":"AuthenticationTokenResponse","data":{}}', "[" * 100_000,
     '{"messageType":"AuthenticationTokenResponse","data":[1]}'],
    ids=["text", "list", "null", "no token", "deep", "odd data"],
)  # fmt: skip
def test_another_program_at_its_port_ends_nothing(
    opened: Opened, studio: FakeStudio, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expnet_live.outputs.streaming.vtube_studio._RETRY", 0.1)
    heard: list[object] = []

    def another(client: ServerConnection) -> None:
        for text in client:
            heard.append(text)
            client.send(words)

    with serve(another, "127.0.0.1", 0, close_timeout=0.2) as server:
        port = server.socket.getsockname()[1]
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        stream = opened("vtubestudio", port)
        until(lambda: len(heard) > 1, each=lambda: put(stream))  # it tries again
        server.shutdown()
        serving.join(PATIENCE)
    assert not stream.over
    studio.start(port)
    until(lambda: stream.sent > 0, each=lambda: put(stream))


def test_a_studio_that_takes_its_leave_first_comes_back(
    opened: Opened, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It closes as WebSocket asks for: it says so, and waits for our answer."""
    monkeypatch.setattr("expnet_live.outputs.streaming.vtube_studio._RETRY", 0.1)
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: stream.sent > 0, each=lambda: put(stream))
    parting = threading.Thread(target=studio.part)
    parting.start()
    until(lambda: stream.complaint is not None, each=lambda: put(stream))
    parting.join(PATIENCE)
    sent = stream.sent
    until(lambda: stream.sent > sent, each=lambda: put(stream))


def test_a_studio_that_hangs_is_told_and_comes_back(
    opened: Opened, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_RETRY", "_PATIENCE"):
        monkeypatch.setattr(f"expnet_live.outputs.streaming.vtube_studio.{name}", 0.5)
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: stream.sent > 0, each=lambda: put(stream))
    studio.hangs.set()
    until(lambda: "does not answer" in (stream.complaint or ""), each=lambda: put(stream))
    studio.hangs.clear()
    sent = stream.sent
    until(lambda: stream.sent > sent, each=lambda: put(stream))


def test_a_pause_of_the_source_is_no_silence_of_the_studio(
    opened: Opened, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expnet_live.outputs.streaming.vtube_studio._PATIENCE", 1.0)
    studio.start()
    stream = opened("vtubestudio", studio.port)
    until(lambda: stream.sent > 3, each=lambda: put(stream))
    until(lambda: len(studio.injected) == stream.sent)
    paused = time.monotonic()
    until(lambda: time.monotonic() > paused + 1.2)  # longer than the patience
    sent = stream.sent
    for _ in range(20):
        put(stream)
    until(lambda: stream.sent == sent + 20)
    assert stream.complaint is None
