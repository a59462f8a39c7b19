"""Live Link Face over UDP: to Unreal Engine and MetaHuman."""

from __future__ import annotations

import struct
import uuid

from scipy.spatial.transform import Rotation

from expnet_live.core.arkit import INDEX
from expnet_live.heads.rig import EYE_PITCH, EYE_YAW
from expnet_live.outputs.stream import Address, Datagrams, OutputKind, Sample, Sender

_VERSION, _COUNT, _FPS = 6, 61, 60
_SUBJECT = "ExpNet Live"


class LiveLink(OutputKind):
    name, port = "livelink", 11111
    about = "Live Link Face over UDP: Unreal Engine, MetaHuman"

    def open(self, address: Address) -> Sender:
        return _Phone(address)


class _Phone(Datagrams):
    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._device = str(uuid.uuid4())  # receivers drop packets that are shorter than one of 36 letters makes them

    def packets(self, sample: Sample) -> list[bytes]:
        return [packet(sample, self._device)]


def packet(sample: Sample, device: str, subject: str = _SUBJECT) -> bytes:
    """One datagram; without a face it ends after the time. Angles are in radians, as the app's files have them."""
    frame, rest = divmod(sample.time * _FPS, 1.0)
    head = struct.pack(">B", _VERSION) + _text(device) + _text(subject)
    head += struct.pack(">ifii", int(frame) & 0x7FFFFFFF, rest, _FPS, 1)
    if not sample.seen:
        return head
    values = [float(w) for w in sample.blendshapes] + angles(sample)
    return head + struct.pack(f">B{_COUNT}f", _COUNT, *values)


def angles(sample: Sample) -> list[float]:
    """Yaw, pitch, roll of head, left eye and right eye in rad: to the person's right, down, and towards their right
    shoulder they are positive, which is how the app's eyes are known to turn."""
    yaw, pitch, roll = Rotation.from_rotvec(sample.rotation).as_euler("YXZ")
    w = {name: float(sample.blendshapes[i]) for name, i in INDEX.items()}
    left = EYE_YAW * (w["eyeLookInLeft"] - w["eyeLookOutLeft"])
    right = -0.603 * (w["eyeLookInRight"] - w["eyeLookOutRight"])
    down = [EYE_PITCH * (w[f"eyeLookDown{s}"] - w[f"eyeLookUp{s}"]) for s in ("Left", "Right")]
    return [-float(yaw), float(pitch), float(roll), left, down[0], 0.0, right, down[1], 0.0]


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">i", len(data)) + data


OUTPUT = LiveLink()
