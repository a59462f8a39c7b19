"""Live outputs over real sockets, read by independent receivers, of a head turned to its left by 30 degrees."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from typing import Any

import numpy as np
import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_server import BlockingOSCUDPServer
from sending import PATIENCE, Opened, face_of, frame_of, free_port, turned
from waiting import until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from expnet_live.capture.spec import SourceSpec
from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.errors import UserError
from expnet_live.live.state import Settings
from expnet_live.outputs.run import running, stream_to
from expnet_live.outputs.sample import Follower
from expnet_live.outputs.shape import Shape
from expnet_live.outputs.stream import OUTPUTS, Address, Sample, Sender, Stream, parse_target
from expnet_live.outputs.streaming.live_link import LiveLink
from expnet_live.person.curve import Curve
from expnet_live.person.person import Person

LEFT = np.radians(30)


def test_vmc(opened: Opened) -> None:
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


def vmc_values(receiver: socket.socket) -> tuple[np.ndarray, float, int]:
    """The head's quaternion, how far the jaw is open, and whether there is a face, of what comes next."""
    head, jaw, values = np.full(4, np.nan), np.nan, dict[str, Any]()
    while "/VMC/Ext/T" not in values:
        for message in (m.message for m in OscPacket(receiver.recv(65536)).messages):
            values[message.address] = message.params
            if message.params[:1] == ["Head"]:
                head = np.array(message.params[4:])
            elif message.params[:1] == ["JawOpen"]:
                jaw = message.params[1]
    return head, jaw, values["/VMC/Ext/OK"][0]


def test_vmc_goes_to_rest_without_a_face(opened: Opened, receiver: socket.socket) -> None:
    """Receivers keep what they got last, so an avatar would stay with an open mouth."""
    stream = opened("vmc", receiver.getsockname()[1])
    stream.put(turned(1.0, seen=False))
    assert vmc_values(receiver)[2] == 0
    for at, seen, share in ((2.0, True, 1.0), (2.2, False, 1.0), (2.575, False, 0.5), (3.0, False, 0.0)):
        stream.put(turned(at, seen=seen))
        head, jaw, there = vmc_values(receiver)
        assert (jaw, there) == (pytest.approx(0.5 * share, abs=1e-3), 1)
        assert head == pytest.approx((0, -np.sin(share * LEFT / 2), 0, np.cos(share * LEFT / 2)), abs=1e-3)
    stream.put(turned(3.1, seen=False))
    head, jaw, there = vmc_values(receiver)
    assert np.isnan(head).all() and np.isnan(jaw) and there == 0


def test_vmc_leaves_the_avatar_at_rest(opened: Opened, receiver: socket.socket) -> None:
    stream = opened("vmc", receiver.getsockname()[1])
    stream.put(turned(1.0))
    assert vmc_values(receiver)[1] == 0.5
    stream.stop()
    head, jaw, _ = vmc_values(receiver)
    assert jaw == 0 and head == pytest.approx((0, 0, 0, 1), abs=1e-6)


def test_vmc_fits_into_datagrams(opened: Opened, receiver: socket.socket) -> None:
    opened("vmc", receiver.getsockname()[1]).put(turned(1.0))
    sizes = [len(receiver.recv(65536)) for _ in range(3)]
    assert max(sizes) <= 1500


def test_live_link(opened: Opened, receiver: socket.socket) -> None:
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
    assert left_eye == pytest.approx(-0.2, abs=1e-6)  # out, which is to the left as the head
    stream.put(turned(3.0, seen=False))
    assert len(receiver.recv(4096)) == at + 16


def test_live_link_as_vrcfacetracking_takes_it(opened: Opened, receiver: socket.socket) -> None:
    """It takes 312 bytes, and reads the last 61 numbers."""
    opened("livelink", receiver.getsockname()[1], subject="iPhone").put(turned(2.25))
    data = receiver.recv(4096)
    assert len(data) == 312
    assert struct.unpack(">61f", data[-244:])[INDEX["jawOpen"]] == 0.5


def test_live_link_by_another_reader(opened: Opened, receiver: socket.socket) -> None:
    reader = pytest.importorskip("pylivelinkface")
    stream = opened("livelink", receiver.getsockname()[1])
    stream.put(turned(2.0))
    there, face = reader.PyLiveLinkFace.decode(receiver.recv(4096))
    got = {shape.name: face.get_blendshape(shape) for shape in reader.FaceBlendShape}
    assert there and (face.name, len(got)) == ("ExpNet Live", 61)
    wanted = {"JawOpen": 0.5, "EyeBlinkLeft": 1.0, "MouthSmileRight": 0.25, "JawLeft": 0.0, "HeadYaw": -LEFT}
    assert {name: got[name] for name in wanted} == pytest.approx(wanted)
    assert (got["LeftEyeYaw"], got["HeadPitch"], got["HeadRoll"]) == pytest.approx((-0.2, 0, 0), abs=1e-6)
    stream.put(turned(3.0, seen=False))
    assert not reader.PyLiveLinkFace.decode(receiver.recv(4096))[0]


def test_web_socket(opened: Opened) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    for _ in range(200):  # until the server is up
        try:
            client = connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE)
            break
        except ConnectionRefusedError:
            threading.Event().wait(0.02)
    for origin in ("https://example.com", "http://localhost.example.com", "null", "http://["):
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


def test_markers_before_the_end_arrive(receiver: socket.socket) -> None:
    port = free_port(socket.SOCK_STREAM)
    streams = [
        Stream(*parse_target(f"ws://127.0.0.1:{port}")),
        Stream(*parse_target(f"vmc://127.0.0.1:{receiver.getsockname()[1]}")),
    ]
    with running(streams):
        until(lambda: all(stream.ready for stream in streams))
        client = connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE)
        until(lambda: streams[0].receivers == 1)
        for stream in streams:
            stream.marked("wink left", 7.0)
    with client:
        told = json.loads(client.recv(timeout=PATIENCE))
    assert not told["seen"] and told["markers"] == [{"label": "wink left", "time": 7.0}]
    assert OscMessage(receiver.recv(4096)).params == ["wink left", 0.0]


def test_a_client_that_never_reads_delays_nobody(opened: Opened) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        until(lambda: deaf.connect_ex(("127.0.0.1", port)) == 0)
        deaf.sendall(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as quick:
            until(lambda: stream.receivers == 2)
            state, worst = turned(0.0), 0.0
            for _ in range(3000):
                begun = time.perf_counter()
                stream.put(state)
                worst = max(worst, time.perf_counter() - begun)
            assert worst < 0.1  # a put hands over, and waits for nobody; it takes microseconds
            quick.recv(timeout=PATIENCE)
            for i in range(1, 400):  # more than fits into the buffers of the one who does not read
                stream.put(turned(float(i)))
                while json.loads(quick.recv(timeout=PATIENCE))["time"] != i:
                    pass
            assert stream.complaint is None


def test_targets() -> None:
    kind, address = parse_target("vmc")
    assert (kind.name, str(address), address.leaves) == ("vmc", "127.0.0.1:39539", False)
    assert parse_target("ws://localhost:9000")[1] == Address("localhost", 9000)
    assert parse_target("vmc://192.0.2.7")[1].leaves
    assert parse_target("vmc://192.0.2.7?names=camel")[1] == Address("192.0.2.7", 39539, {"names": "camel"})
    with pytest.raises(UserError, match="There is no output called telepathy; choose one of"):
        parse_target("telepathy")
    for port in ("x", "0", "65536", ""):
        with pytest.raises(UserError, match="has no port from 1 to 65535"):
            parse_target(f"vmc://127.0.0.1:{port}")
    with pytest.raises(UserError, match="vmc has no option called name; it has clips, names, messages"):
        parse_target("vmc?name=camel")
    with pytest.raises(UserError, match="is one of pascal, camel, not snake"):
        parse_target("vmc?names=snake")


def test_an_address_of_version_6() -> None:
    _, address = parse_target("ws://[::1]:8765")
    assert (address.host, address.port, address.leaves, str(address)) == ("::1", 8765, False, "[::1]:8765")
    assert parse_target("vmc://[::1]")[1] == Address("::1", 39539)
    assert parse_target("vmc://[2001:db8::1]")[1].leaves
    with pytest.raises(UserError, match=r"in brackets: ws://\[::1\]:8765"):
        parse_target("ws://::1")


@pytest.mark.skipif(not socket.has_ipv6, reason="this computer has no IPv6")
@pytest.mark.parametrize("name", ["vmc", "ws"])
def test_version_6_is_sent_to(opened: Opened, name: str) -> None:
    if name == "ws":
        port = free_port(socket.SOCK_STREAM, "::1")
        opened("ws", port, "::1")
        until(lambda: listening(port, "::1"))
        with connect(f"ws://[::1]:{port}", open_timeout=PATIENCE):
            return
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.bind(("::1", 0))
        udp.settimeout(PATIENCE)
        opened("vmc", udp.getsockname()[1], "::1").put(turned(1.0))
        assert udp.recv(2048).startswith(b"#bundle")


def listening(port: int, host: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) == 0


@pytest.mark.parametrize("name", ["vmc", "livelink"])
def test_nobody_listens_until_somebody_does(opened: Opened, name: str) -> None:
    port = free_port()
    stream = opened(name, port)
    until(lambda: stream.complaint is not None, each=lambda: stream.put(turned(time.monotonic())))
    assert stream.complaint == f"Nobody listens at 127.0.0.1:{port}." == stream.describe()
    assert stream.sent == 0 and stream.unheard > 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", port))
        udp.settimeout(PATIENCE)
        until(lambda: stream.sent > 0, each=lambda: stream.put(turned(time.monotonic())))
        assert stream.complaint is None and stream.describe().startswith(f"Sending to 127.0.0.1:{port}, ")
        assert udp.recv(2048)
    until(lambda: stream.complaint is not None, each=lambda: stream.put(turned(time.monotonic())))


def test_nobody_listens_to_a_server_without_clients(opened: Opened) -> None:
    stream = opened("ws", free_port(socket.SOCK_STREAM))
    until(lambda: stream.unheard > 2, each=lambda: stream.put(turned(time.monotonic())))
    assert stream.sent == 0 and stream.complaint == f"Nobody listens at {stream.address}."


def test_a_port_in_use(opened: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stream = opened("ws", port)
        until(lambda: stream.over)
    said = f"Another program uses port {port}; close it, or choose another port, such as ws://127.0.0.1:{port + 1}"
    assert stream.problem == said == stream.describe()


def test_a_host_that_does_not_exist(opened: Opened) -> None:
    stream = opened("vmc", 39539, "nowhere.invalid")
    until(lambda: stream.over)
    assert (stream.problem or "").startswith("vmc://nowhere.invalid:39539 cannot be opened (")


@pytest.mark.parametrize("kind", ["ifacialmocap", "facemotion3d", "ws"])
def test_what_listens_needs_an_address_of_this_computer(opened: Opened, kind: str) -> None:
    stream = opened(kind, 39539, "192.0.2.7")
    until(lambda: stream.over)
    assert stream.problem == f"192.0.2.7 is no address of this computer; {kind} listens, so give one of its own."


@pytest.mark.parametrize("name", ["a..b", "x" * 70])
def test_what_is_no_name_of_a_computer(opened: Opened, name: str) -> None:
    stream = opened("vmc", 39539, name)
    until(lambda: stream.over)
    assert (
        stream.problem
        == f"vmc://{name}:39539 cannot be opened (this is no name of a computer); choose another address."
    )


def test_a_name_with_both_versions_means_version_4(
    opened: Opened, receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many systems say ::1 first for localhost, at which few receivers listen."""
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **options: [*real("::1", *rest, **options), *real("127.0.0.1", *rest, **options)],
    )
    stream = opened("vmc", receiver.getsockname()[1], "localhost")
    until(lambda: stream.ready)
    stream.put(turned(1.0))
    assert receiver.recv(2048).startswith(b"#bundle")


def test_one_person_is_followed() -> None:
    first, second, third = face_of(0), face_of(1), face_of(2)
    follower = Follower()
    faces = [
        (0.0, (first,), first),
        (0.1, (first, second), first),
        (0.2, (second,), None),  # who was seen beside the first, and so is somebody else
        (0.3, (second, first), first),
        (0.4, (second,), None),
        (0.5, (second, third), third),  # who may be the first, whom the tracker lost
        (0.6, (second,), None),
        (2.7, (second,), second),  # nobody waits for ever
        (2.8, (second, third), second),
    ]
    for moment, seen, followed in faces:
        assert follower.face(frame_of(moment, *seen)) is followed, moment
    assert follower.face(frame_of(2.9, third, generation=2)) is third


def test_a_clip_is_streamed_to_its_end(receiver: socket.socket) -> None:
    streams = [Stream(OUTPUTS.named(n), Address("127.0.0.1", receiver.getsockname()[1])) for n in ("vmc", "livelink")]
    stream_to(streams, SourceSpec.demo(), Settings(device="cpu"), Person())
    assert all(s.sent >= 5 and s.problem is None for s in streams)


def test_problems_are_said_at_once() -> None:
    said: list[tuple[str, int]] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        streams = [
            Stream(*parse_target(f"vmc://127.0.0.1:{free_port()}")),
            Stream(*parse_target(f"ws://127.0.0.1:{taken.getsockname()[1]}")),
        ]
        stream_to(
            streams, SourceSpec.demo(), Settings(device="cpu"), Person(), duration=1.5,
            say=lambda sentence: said.append((sentence, streams[0].sent + streams[0].unheard)),
        )  # fmt: skip
        assert [s for s, _ in said if "Another program uses port" in s] and [s for s, _ in said if "Nobody" in s]
        assert len(said) == 2 and all(n < streams[0].sent + streams[0].unheard for _, n in said)  # not at the end
        assert streams[0].sent == 0
        with pytest.raises(UserError, match="No output is left"):
            stream_to(
                [Stream(streams[1].kind, streams[1].address)], SourceSpec.demo(), Settings(device="cpu"), Person()
            )


def test_the_command_lists_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stream", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("vmc", "livelink", "ws", "39539", "names=pascal|camel"))
    named = [line.split(maxsplit=1) for line in out.splitlines() if not line.startswith(" ")]
    assert [name for name, _ in named] == list(OUTPUTS)
    assert all(about.startswith(OUTPUTS[name].about) for name, about in named)
    assert main(["stream", "demo"]) == 2
    assert "at least one --to" in capsys.readouterr().err


def test_a_sender_that_breaks_ends_alone(
    opened: Opened, receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Sender):
        def send(self, sample: Sample) -> None:
            raise ZeroDivisionError("by zero")

        def close(self) -> None: ...

    monkeypatch.setattr(LiveLink, "open", lambda self, address: Broken())
    whole, broken = opened("vmc", receiver.getsockname()[1]), opened("livelink", receiver.getsockname()[1])
    until(lambda: broken.ready and whole.ready)
    until(lambda: broken.over, each=lambda: broken.put(turned(1.0)))
    assert "An unexpected error stopped the livelink" in (broken.problem or "")
    whole.put(turned(1.0))
    assert receiver.recv(2048).startswith(b"#bundle") and whole.complaint is None


def test_a_wait_of_one_sender_is_nobody_elses(opened: Opened, receiver: socket.socket) -> None:
    """A studio that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow, quick = opened("vtubestudio", silent.getsockname()[1]), opened("vmc", receiver.getsockname()[1])
        until(lambda: slow.ready and quick.ready)
        slow.put(turned(1.0))
        for i in range(5):
            begun = time.monotonic()
            quick.put(turned(float(i)))
            assert receiver.recv(2048) and receiver.recv(2048) and receiver.recv(2048)
            assert time.monotonic() - begun < 0.4  # less than the patience with the other


def test_curves_bend_what_is_sent(receiver: socket.socket) -> None:
    address = Address("127.0.0.1", receiver.getsockname()[1])
    stream = Stream(OUTPUTS.named("livelink"), address, Shape.of({"jawOpen": Curve(gain=1.5)}))
    with running([stream]):
        until(lambda: stream.ready)
        stream.put(turned(1.0))
        assert struct.unpack(">61f", receiver.recv(4096)[-244:])[INDEX["jawOpen"]] == 0.75


@pytest.mark.parametrize(("clips", "jaw"), [("vrm0", "A"), ("vrm1", "aa")])
def test_presets_of_vrm(opened: Opened, receiver: socket.socket, clips: str, jaw: str) -> None:
    stream = opened("vmc", receiver.getsockname()[1], clips=clips)
    stream.put(turned(1.0))
    messages = [m for m in OscBundle(receiver.recv(65536)) if m.address == "/VMC/Ext/Blend/Val"]
    values = {m.params[0]: m.params[1] for m in messages}
    assert values[jaw] == pytest.approx(0.25) and "JawOpen" not in values
    assert values["Blink_L" if clips == "vrm0" else "blinkLeft"] == 1
