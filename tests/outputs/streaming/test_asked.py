"""iFacialMocap and Facemotion3d, with receivers that ask like the real ones."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from select import select

import numpy as np
import pytest
from decoding import FRONT, LEFT_EYE, RIGHT_EYE, TOP, Decoded, check
from scipy.spatial.transform import Rotation
from sending import LOOKS, PATIENCE, TURNS, Opened, face_of, frame_of
from waiting import until

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
    until(lambda: stream.sent > 0, each=lambda: stream.put(frame_of(1.0, face_of(0, turn, look))))
    got, _ = decoded(other.recv(4096), between)
    check(got, turn, look)


def test_names(opened: Opened, other: socket.socket) -> None:
    stream = opened("ifacialmocap", other.getsockname()[1], OURS)
    ask(stream, other, ASK)
    until(lambda: stream.sent > 0, each=lambda: stream.put(frame_of(1.0, face_of())))
    text = other.recv(4096).decode()
    assert "|mouthSmile_R-25|" in text and "eyeBlink_L-100|" in text and "|jawOpen-50|" in text
    assert "|jawLeft-0|" in text and "|mouthRight-0|" in text


def test_no_packet_comes_twice(opened: Opened, other: socket.socket) -> None:
    stream = opened("ifacialmocap", other.getsockname()[1], OURS)
    ask(stream, other, ASK)
    packets: list[bytes] = []
    until(lambda: stream.sent > 0, each=lambda: stream.put(frame_of(1.0, face_of())))
    for _ in range(8):
        packets.append(other.recv(4096))
        stream.put(frame_of(1.0, face_of()))
    assert all(a != b for a, b in pairwise(packets))
    places = np.array([decoded(p, "-")[1]["head"][3:] for p in packets])
    np.testing.assert_allclose(places, 0, atol=1.1e-4)  # from where the head was first, in metres


def test_it_ends_with_a_word_and_without(opened: Opened, other: socket.socket) -> None:
    port = other.getsockname()[1]
    stream = opened("ifacialmocap", port, OURS)
    until(lambda: stream.unheard > 0, each=lambda: stream.put(frame_of(1.0, face_of())))
    assert stream.complaint == f"Nobody listens at {OURS}:{port}."
    ask(stream, other, b"hello")
    ask(stream, other, ASK)
    until(lambda: stream.complaint is None, each=lambda: stream.put(frame_of(1.0, face_of())))
    ask(stream, other, STOP)
    until(lambda: stream.complaint is not None, each=lambda: stream.put(frame_of(1.0, face_of())))
    ask(stream, other, ASK)
    until(lambda: stream.complaint is None, each=lambda: stream.put(frame_of(1.0, face_of())))
    other.close()
    until(lambda: stream.complaint is not None, each=lambda: stream.put(frame_of(1.0, face_of())))


def test_who_asks_from_our_own_address_gets_it_where_it_asked(opened: Opened, receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stream = opened("facemotion3d", port)
    until(lambda: stream.ready)
    receiver.sendto(b"FACEMOTION3D_OtherStreaming", ("127.0.0.1", port))
    until(lambda: stream.sent > 0, each=lambda: stream.put(frame_of(1.0, face_of())))
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


AWAY = """
import fcntl, os, socket, struct
from ipaddress import ip_address
from sending import face_of, frame_of
from expnet_live.outputs.sample import SampleOf
from expnet_live.outputs.stream import parse_target

HERE, THERE = (ip_address(a).packed for a in ("192.0.2.1", "192.0.2.2"))
cable = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(cable, 0x400454CA, struct.pack("16sH22x", b"cable", 0x1001))  # TUNSETIFF, whole IP packets

def interface(request, content):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_:
        fcntl.ioctl(any_, request, struct.pack("16s", b"cable") + content + bytes(8))

def network(up):
    interface(0x8914, struct.pack("h14x", up))  # SIOCSIFFLAGS

def answered():
    packet = b""
    while packet[9:10] != bytes([17]):  # UDP, no chatter of the interface
        packet = os.read(cable, 4096)
    return b"jawOpen" in packet

for request, address in ((0x8916, HERE), (0x891C, ip_address("255.255.255.0").packed)):  # address and mask
    interface(request, struct.pack("hxx", socket.AF_INET) + address + bytes(8))
network(True)
state = frame_of(1.0, face_of())
kind, address = parse_target("ifacialmocap://192.0.2.1:49983")
sender, sample = kind.open(address), SampleOf()(state, state.faces[0], None)
words = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
datagram = struct.pack(">HHHH", 49983, 49983, 8 + len(words), 0) + words
head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0) + THERE + HERE
total = sum(struct.unpack(">10H", head))
total = (total & 0xFFFF) + (total >> 16)
os.write(cable, head[:10] + struct.pack(">H", 0xFFFF - total) + head[12:] + datagram)
sender.send(sample)
print(answered())
network(False)
try:
    sender.send(sample)
except OSError as error:
    print(error.strerror)
network(True)
sender.send(sample)
print(answered())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems give a process no network of its own")
def test_a_network_that_comes_back_needs_no_other_request() -> None:
    own, cable = ["unshare", "--map-root-user", "--net"], ["test", "-w", "/dev/net/tun"]
    if shutil.which("unshare") is None or subprocess.run([*own, *cable], capture_output=True, check=False).returncode:
        pytest.skip("this system gives a process no network of its own")
    done = subprocess.run(
        [*own, sys.executable, "-c", AWAY], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["True", "Network is unreachable", "True"], done.stderr


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
        until(lambda: select([askers[-1]], [], [], 0)[0], each=lambda: stream.put(frame_of(1.0, face_of())))
        assert askers[-1].recv(4096).startswith(b"eyeBlink_L-100|")
        assert stream.receivers == 32
