"""Each output of a head turned left, up and tilted, each alone, and of each eye alone, by a decoder of our own.

Decoders are written from the formats' facts. They say where the head's front and top and both eyes point to, in the
person's own terms: x to their left, y up, z to the front.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable

import numpy as np
import pytest
from decoding import FRONT, LEFT_EYE, RIGHT_EYE, TOP, Decoded, aimed, check, turned_by
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from scipy.spatial.transform import Rotation
from sending import LOOKS, PATIENCE, TURNS, Opened, face_of, frame_of, free_port
from waiting import until
from websockets.sync.client import connect

from expnet_live.core.arkit import ARKIT

Decoder = Callable[[list[bytes]], Decoded]


def vmc(packets: list[bytes]) -> Decoded:
    """In Unity the avatar looks along +z, y is up, and +x its right."""
    messages: list[OscMessage] = []
    for packet in packets:
        messages += OscBundle(packet) if OscBundle.dgram_is_bundle(packet) else [OscMessage(packet)]
    bones = {m.params[0]: Rotation.from_quat(m.params[4:]) for m in messages if m.address == "/VMC/Ext/Bone/Pos"}
    weights = {m.params[0]: m.params[1] for m in messages if m.address == "/VMC/Ext/Blend/Val"}
    own = np.array([-1, 1, 1])
    return Decoded(
        own * bones["Head"].apply(FRONT),
        own * bones["Head"].apply(TOP),
        {LEFT_EYE: own * bones["LeftEye"].apply(FRONT), RIGHT_EYE: own * bones["RightEye"].apply(FRONT)},
        {name[0].lower() + name[1:]: w for name, w in weights.items()},
    )


def livelink(packets: list[bytes]) -> Decoded:
    values = struct.unpack(">61f", packets[0][-244:])
    yaw, pitch, roll = values[52:55]
    eyes = {LEFT_EYE: aimed(values[55], -values[56]), RIGHT_EYE: aimed(values[58], -values[59])}
    return Decoded(*turned_by(yaw, pitch, roll), eyes, dict(zip(ARKIT, values[:52], strict=True)))


def open_see_face(packets: list[bytes]) -> Decoded:
    """As the reader for Unity takes it: the camera's axes are (down, right) turned by 180 degrees, and its model's x
    goes to the person's right."""
    (data,) = packets
    assert len(data) == 1785
    euler = np.array(struct.unpack_from("<3f", data, 49))
    np.testing.assert_allclose(struct.unpack_from("<2f", data, 12), (64, 48))
    x, y, z = np.radians((euler - [180, 0, 90] + 180) % 360 - 180)  # what the reader leaves of it
    matrix = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    quaternion = np.array(struct.unpack_from("<4f", data, 33)) * [-1, -1, -1, 1]
    np.testing.assert_allclose(Rotation.from_quat(quaternion).as_matrix(), matrix, atol=1e-4)
    own = np.array([[0, -1, 0], [1, 0, 0], [0, 0, -1.0]])  # (up, viewer's left, away) to ours
    front, top = own @ matrix @ FRONT, own @ matrix @ TOP
    np.testing.assert_allclose(front, turned_by(-y, x, z)[0], atol=1e-4)  # one angle alone is not 0
    points = np.array(struct.unpack_from("<210f", data, 889)).reshape(70, 3) * [-1, -1, -1]  # to ours
    right, left = points[66] - points[68], points[67] - points[69]
    eyes = {RIGHT_EYE: right / np.linalg.norm(right), LEFT_EYE: left / np.linalg.norm(left)}
    features = struct.unpack_from("<14f", data, 1729)
    assert points[45][0] > 0 > points[36][0] and points[27][1] > points[8][1] and points[30][2] > points[0][2]
    weights = {"jawOpen": features[12], "eyeBlinkLeft": -features[0], "mouthSmileRight": features[10]}
    image = np.array(struct.unpack_from("<136f", data, 345)).reshape(68, 2)
    assert image[45][0] > image[36][0] and image[8][1] > image[27][1]  # the left eye is on the picture's right
    return Decoded(front, top, eyes, weights)


def web_socket(packets: list[bytes]) -> Decoded:
    data = json.loads(packets[0])
    head = Rotation.from_rotvec(data["rotation"])
    eyes = {i: aimed(-yaw, pitch) for i, (yaw, pitch) in enumerate(data["gaze"])}
    return Decoded(head.apply(FRONT), head.apply(TOP), eyes, data["blendshapes"])


POSES = [
    *(pytest.param(turn, ((0.0, 0.0), (0.0, 0.0)), id=name) for name, turn in TURNS.items()),
    *(pytest.param(np.zeros(3), look, id=name) for name, look in LOOKS.items()),
]


@pytest.mark.parametrize(("turn", "look"), POSES)
@pytest.mark.parametrize(
    ("name", "options", "count", "decode"),
    [
        ("vmc", {}, 3, vmc),
        ("vmc", {"messages": "single", "names": "camel"}, 63, vmc),
        ("livelink", {}, 1, livelink),
        ("openseeface", {}, 1, open_see_face),
    ],
)
def test_by_datagrams(
    opened: Opened, receiver: socket.socket, name: str, options: dict[str, str], count: int, decode: Decoder,
    turn: np.ndarray, look: tuple[tuple[float, float], ...],
) -> None:  # fmt: skip
    stream = opened(name, receiver.getsockname()[1], **options)
    stream.put(frame_of(1.0, face_of(0, turn, look)))
    check(decode([receiver.recv(65536) for _ in range(count)]), turn, look)


@pytest.mark.parametrize(("turn", "look"), POSES)
def test_by_web_socket(opened: Opened, turn: np.ndarray, look: tuple[tuple[float, float], ...]) -> None:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    until(lambda: stream.ready)
    with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as client:
        until(lambda: stream.sent > 0, each=lambda: stream.put(frame_of(1.0, face_of(0, turn, look))))
        check(web_socket([client.recv(timeout=PATIENCE)]), turn, look)


def test_the_truth_is_what_the_words_say() -> None:
    """So that all decoders cannot agree on a mistake: left is +x, up +y, and the right shoulder at -x."""
    left, up, tilted = (Rotation.from_rotvec(TURNS[n]) for n in ("left by 30", "up by 20", "tilted by 15"))
    np.testing.assert_allclose(left.apply(FRONT), [np.sin(np.pi / 6), 0, np.cos(np.pi / 6)], atol=1e-9)
    assert up.apply(FRONT)[1] == pytest.approx(np.sin(np.radians(20)))
    assert tilted.apply(TOP)[0] == pytest.approx(-np.sin(np.radians(15)))


def test_half_turns(opened: Opened, receiver: socket.socket) -> None:
    stream = opened("livelink", receiver.getsockname()[1], angles="halfturns", subject="Ada")
    stream.put(frame_of(1.0, face_of(0, TURNS["left by 30"])))
    data = receiver.recv(4096)
    assert b"\0\0\0\3Ada" in data
    assert struct.unpack(">61f", data[-244:])[52] == pytest.approx(-30 / 180, abs=1e-6)
