"""iFacialMocap and Facemotion3d, with receivers that ask like the real ones."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from select import select

import numpy as np
import pytest
from decoding import FRONT, LEFT_EYE, RIGHT_EYE, TOP, Decoded, check
from scipy.spatial.transform import Rotation
from sending import LOOKS, PATIENCE, TURNS, Opened, face_of, frame_of, until

from expnet_live.outputs.stream import Stream

OURS = "127.0.0.2"
ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
STOP = b"iFacialMocap_UDPTCPSTOP_sahuasouryya9218sauhuiayeta91555dy3719"
KINDS = {
    "ifacialmocap": (ASK, "-"),
    "ifacialmocap v2": (ASK + b"|sendDataVersion=v2", "&"),
    "facemotion3d": (b"FACEMOTION3D_OtherStreaming", "&"),
}


@pytest.fixture
def other() -> Iterator[socket.socket]:
    """A receiver at 127.0.0.1, whose port is that of the tracker at 127.0.0.2, too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(PATIENCE)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind((OURS, udp.getsockname()[1]))
        except OSError:
            pytest.skip("this system has no 127.0.0.2")
        yield udp


def ask(stream: Stream, receiver: socket.socket, request: bytes) -> None:
    """Like the receivers: by a socket of its own, which takes no answer."""
    until(lambda: stream.ready)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.sendto(request, (OURS, receiver.getsockname()[1]))


def decoded(data: bytes, between: str) -> tuple[Decoded, dict[str, list[float]]]:
    """As Unity's receiver reads it: degrees about x, y and z, left-handed, the avatar's right at +x, in the order
    z, x, y; z of the head is negated."""
    weights, _, rest = data.decode().partition("=")
    values = dict(pair.split(between) for pair in weights.strip("|").split("|"))
    assert len(values) == 52 and all(v.isdecimal() and int(v) <= 100 for v in values.values())
    bones = {n: [float(v) for v in text.split(",")] for n, text in (b.split("#") for b in rest.strip("|").split("|"))}
    assert list(bones) == ["head", "rightEye", "leftEye"]

    def unity(x: float, y: float, z: float) -> Rotation:
        return Rotation.from_euler("YXZ", [y, x, z], degrees=True)  # the same matrices, whichever hand

    own = np.array([-1, 1, 1])
    head = unity(bones["head"][0], bones["head"][1], -bones["head"][2])
    eyes = {
        RIGHT_EYE: own * unity(*bones["rightEye"]).apply(FRONT),
        LEFT_EYE: own * unity(*bones["leftEye"]).apply(FRONT),
    }
    names = {n.replace("_L", "Left").replace("_R", "Right"): int(v) / 100 for n, v in values.items()}
    return Decoded(own * head.apply(FRONT), own * head.apply(TOP), eyes, names), bones


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("turn", "look"),
    [(t, ((0.0, 0.0), (0.0, 0.0))) for t in TURNS.values()] + [(np.zeros(3), look) for look in LOOKS.values()],
    ids=[*TURNS, *LOOKS],
)
def test_who_asks_gets_the_face(
    opened: Opened, other: socket.socket, name: str, turn: np.ndarray, look: tuple[tuple[float, float], ...]
) -> None:
    request, between = KINDS[name]
    stream = opened(name.split()[0], other.getsockname()[1], OURS)
    ask(stream, other, request)
    until(lambda: stream.sent > 0, lambda: stream.put(frame_of(1.0, face_of(0, turn, look))))
    got, _ = decoded(other.recv(4096), between)
    check(got, turn, look)


def test_names(opened: Opened, other: socket.socket) -> None:
    stream = opened("ifacialmocap", other.getsockname()[1], OURS)
    ask(stream, other, ASK)
    until(lambda: stream.sent > 0, lambda: stream.put(frame_of(1.0, face_of())))
    text = other.recv(4096).decode()
    assert "|mouthSmile_R-25|" in text and "eyeBlink_L-100|" in text and "|jawOpen-50|" in text
    assert "|jawLeft-0|" in text and "|mouthRight-0|" in text


def test_no_packet_comes_twice(opened: Opened, other: socket.socket) -> None:
    stream = opened("ifacialmocap", other.getsockname()[1], OURS)
    ask(stream, other, ASK)
    packets: list[bytes] = []
    until(lambda: stream.sent > 0, lambda: stream.put(frame_of(1.0, face_of())))
    for _ in range(8):
        packets.append(other.recv(4096))
        stream.put(frame_of(1.0, face_of()))
    assert all(a != b for a, b in pairwise(packets))
    places = np.array([decoded(p, "-")[1]["head"][3:] for p in packets])
    np.testing.assert_allclose(places, 0, atol=1.1e-4)  # from where the head was first, in metres


def test_it_ends_with_a_word_and_without(opened: Opened, other: socket.socket) -> None:
    port = other.getsockname()[1]
    stream = opened("ifacialmocap", port, OURS)
    until(lambda: stream.unheard > 0, lambda: stream.put(frame_of(1.0, face_of())))
    assert stream.complaint == f"Nobody listens at {OURS}:{port}."
    ask(stream, other, b"hello")
    ask(stream, other, ASK)
    until(lambda: stream.complaint is None, lambda: stream.put(frame_of(1.0, face_of())))
    ask(stream, other, STOP)
    until(lambda: stream.complaint is not None, lambda: stream.put(frame_of(1.0, face_of())))
    ask(stream, other, ASK)
    until(lambda: stream.complaint is None, lambda: stream.put(frame_of(1.0, face_of())))
    other.close()
    until(lambda: stream.complaint is not None, lambda: stream.put(frame_of(1.0, face_of())))


def test_who_asks_from_our_own_address_gets_it_where_it_asked(opened: Opened, receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stream = opened("facemotion3d", port)
    until(lambda: stream.ready)
    receiver.sendto(b"FACEMOTION3D_OtherStreaming", ("127.0.0.1", port))
    until(lambda: stream.sent > 0, lambda: stream.put(frame_of(1.0, face_of())))
    assert receiver.recv(4096).startswith(b"eyeBlinkLeft&100|")


def test_one_who_never_stops_asking_holds_up_nobody(opened: Opened, receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    asked, other = opened("ifacialmocap", port), opened("vmc", receiver.getsockname()[1])
    until(lambda: asked.ready and other.ready)
    over = threading.Event()

    def nag() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            while not over.is_set():
                asking.sendto(ASK, ("127.0.0.1", port))

    nagging = threading.Thread(target=nag)
    nagging.start()
    try:
        for i in range(10):
            for stream in (asked, other):
                stream.put(frame_of(float(i), face_of()))
            assert receiver.recv(2048) and receiver.recv(2048) and receiver.recv(2048)
    finally:
        over.set()
        nagging.join(PATIENCE)


def test_the_newest_of_many_receivers_are_kept(opened: Opened) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stream = opened("ifacialmocap", port)
    until(lambda: stream.ready)
    with ExitStack() as all_:
        askers = [all_.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(40)]
        for asker in askers:
            asker.sendto(ASK, ("127.0.0.1", port))
        until(lambda: select([askers[-1]], [], [], 0)[0], lambda: stream.put(frame_of(1.0, face_of())))
        assert askers[-1].recv(4096).startswith(b"eyeBlink_L-100|")
        assert stream.receivers == 32
