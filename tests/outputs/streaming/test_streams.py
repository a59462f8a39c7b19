"""Live outputs over real sockets, read by independent receivers, of a head turned to its left by 30 degrees."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from expnet_live.capture.spec import SourceSpec
from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX, blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.core.types import Box, FaceState, Frame, Pose
from expnet_live.heads.built_in import face_model
from expnet_live.live.capture_worker import Captured
from expnet_live.live.state import LiveFace, LiveState, Settings
from expnet_live.outputs.run import stream_to
from expnet_live.outputs.stream import OUTPUTS, Address, Stream, parse_target
from expnet_live.person.person import Person

PATIENCE = 20.0
LEFT = np.radians(30)


def turned(time: float, seen: bool = True) -> LiveState:
    """A head turned to its own left (the viewer's right) by 30 degrees, its jaw half open, its left eye shut."""
    captured = Captured(Frame(np.zeros((4, 4, 3), np.uint8), time, 0), time, time, 1)
    model = face_model()
    rest, identity = np.zeros(len(model.names), np.float32), np.zeros(model.n_identity, np.float32)
    weights = blendshapes_of(jawOpen=0.5, eyeBlinkLeft=1.0, eyeLookOutLeft=0.4, eyeLookInRight=0.4)
    pose = Pose(np.array([0, LEFT, 0]), np.array([10.0, 20.0, -600.0]))
    gaze = np.array([[0.2, 0.0], [0.2, 0.0]], np.float32)
    state = FaceState(0, 0, time, Box(0, 0, 1, 1), 1.0, rest, rest, identity, pose, gaze, {}, weights)
    faces = (LiveFace(state, rest, identity, model, weights),) if seen else ()
    return LiveState(captured, faces, {}, time, processed=True)


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def opened() -> Iterator[Callable[[str, int], Stream]]:
    streams: list[Stream] = []

    def open_(name: str, port: int) -> Stream:
        streams.append(Stream(OUTPUTS.named(name), Address("127.0.0.1", port)))
        streams[-1].start()
        return streams[-1]

    yield open_
    for stream in streams:
        stream.stop()
        assert stream.join(PATIENCE)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(PATIENCE)
        yield udp


def test_vmc(opened: Callable[[str, int], Stream]) -> None:
    got: list[tuple[str, tuple[Any, ...]]] = []
    whole = threading.Event()

    def take(address: str, *values: Any) -> None:
        got.append((address, values))
        if address == "/VMC/Ext/T":
            whole.set()

    dispatcher = Dispatcher()
    dispatcher.set_default_handler(take)
    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        opened("vmc", server.server_address[1]).put(turned(5.0))
        assert whole.wait(PATIENCE)
        server.shutdown()
        serving.join()
    addresses = [a for a, _ in got]
    assert addresses[0] == "/VMC/Ext/Root/Pos" and addresses[-3:] == [
        "/VMC/Ext/Blend/Apply",
        "/VMC/Ext/OK",
        "/VMC/Ext/T",
    ]
    bones = {values[0]: values[1:] for a, values in got if a == "/VMC/Ext/Bone/Pos"}
    # Unity is left-handed and the avatar looks along +z: its left is -x, so it turns by -30 degrees about y.
    assert bones["Head"][3:] == pytest.approx((0, -np.sin(LEFT / 2), 0, np.cos(LEFT / 2)), abs=1e-6)
    assert all(bones[name][1] > 0 for name in ("Hips", "Neck", "Head"))
    assert bones["LeftEye"][4] == pytest.approx(-np.sin(0.1), abs=1e-6)
    blends = {values[0]: values[1] for a, values in got if a == "/VMC/Ext/Blend/Val"}
    assert len(blends) == 52 and blends["JawOpen"] == 0.5 and blends["EyeBlinkLeft"] == 1.0
    assert got[-2][1] == (1,) and got[-1][1] == (0.0,)


def test_vmc_fits_into_datagrams(opened: Callable[[str, int], Stream], receiver: socket.socket) -> None:
    opened("vmc", receiver.getsockname()[1]).put(turned(1.0))
    sizes = [len(receiver.recv(65536)) for _ in range(3)]
    assert max(sizes) <= 1500


def test_live_link(opened: Callable[[str, int], Stream], receiver: socket.socket) -> None:
    stream = opened("livelink", receiver.getsockname()[1])
    stream.put(turned(2.25))
    data = receiver.recv(4096)
    assert data[0] == 6
    at, texts = 1, []
    for _ in range(2):
        (n,) = struct.unpack_from(">i", data, at)
        texts.append(data[at + 4 : at + 4 + n].decode())
        at += 4 + n
    assert len(texts[0]) == 36
    frame, rest, rate, base = struct.unpack_from(">ifii", data, at)
    assert (frame + rest) / rate * base == pytest.approx(2.25, abs=1e-3)
    count, *values = struct.unpack_from(">B61f", data, at + 16)
    assert count == 61 and at + 17 + 61 * 4 == len(data)
    assert values[INDEX["jawOpen"]] == 0.5 and values[INDEX["eyeBlinkLeft"]] == 1.0
    yaw, pitch, roll, left_eye, *_ = values[52:]
    assert (yaw, pitch, roll) == pytest.approx((-LEFT, 0, 0), abs=1e-6)
    assert left_eye == pytest.approx(-0.607 * 0.4, abs=1e-6)  # out, which is to the left as the head
    stream.put(turned(3.0, seen=False))
    assert len(receiver.recv(4096)) == at + 16


def test_web_socket(opened: Callable[[str, int], Stream]) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    for _ in range(200):  # until the server is up
        try:
            client = connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE)
            break
        except ConnectionRefusedError:
            threading.Event().wait(0.02)
    for origin in ("https://example.com", "http://localhost.example.com", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE, origin=Origin(origin))
    with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE, origin=Origin("http://localhost:3000")):
        pass
    with client:
        answer = None
        for i in range(200):
            stream.put(turned(float(i)))
            try:
                answer = json.loads(client.recv(timeout=0.1))
                break
            except TimeoutError:
                continue
    assert answer is not None and answer["seen"] and list(answer["blendshapes"]) == list(ARKIT)
    assert answer["rotation"] == pytest.approx([0, LEFT, 0], abs=1e-4)
    assert answer["blendshapes"]["jawOpen"] == 0.5


def test_a_receiver_that_never_reads_delays_nobody(opened: Callable[[str, int], Stream]) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(200):
            if deaf.connect_ex(("127.0.0.1", port)) == 0:
                break
            threading.Event().wait(0.02)
        deaf.sendall(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        state, worst = turned(0.0), 0.0
        for _ in range(3000):
            begun = time.perf_counter()
            stream.put(state)
            worst = max(worst, time.perf_counter() - begun)
        assert worst < 0.1  # a put hands over, and waits for nobody; it takes microseconds


def test_targets() -> None:
    kind, address = parse_target("vmc")
    assert (kind.name, str(address), address.leaves) == ("vmc", "127.0.0.1:39539", False)
    assert parse_target("ws://localhost:9000")[1] == Address("localhost", 9000)
    assert parse_target("vmc://192.0.2.7")[1].leaves
    with pytest.raises(UserError, match="There is no output called telepathy; choose one of"):
        parse_target("telepathy")
    with pytest.raises(UserError, match="has no port from 1 to 65535"):
        parse_target("vmc://127.0.0.1:x")


def test_a_clip_is_streamed_to_its_end(receiver: socket.socket) -> None:
    streams = [Stream(OUTPUTS.named(n), Address("127.0.0.1", receiver.getsockname()[1])) for n in ("vmc", "livelink")]
    stream_to(streams, SourceSpec.demo(), Settings(device="cpu"), Person(), duration=1.0)
    assert all(s.sent >= 5 and s.problem is None for s in streams)


def test_the_command_lists_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stream", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("vmc", "livelink", "ws", "39539"))
    assert main(["stream", "demo"]) == 2
    assert "at least one --to" in capsys.readouterr().err
