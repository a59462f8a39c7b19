"""Live Link Face over UDP: to Unreal Engine and MetaHuman."""

from __future__ import annotations

import math
import struct
import uuid
from collections.abc import Mapping

from expnet_live.heads.rig import EYE_PITCH, EYE_YAW
from expnet_live.outputs.address import Address
from expnet_live.outputs.datagrams import Datagrams
from expnet_live.outputs.output import Option, OutputKind, Sender
from expnet_live.outputs.sample import Sample

_VERSION, _COUNT, _FPS = 6, 61, 60
_FACE = struct.Struct(f">B{_COUNT}f")


class LiveLink(OutputKind):
    name, port = "livelink", 11111
    about = "Live Link Face over UDP: Unreal Engine, MetaHuman"
    options: Mapping[str, Option] = {
        "subject": Option("the name in the Live Link window", ("ExpNet Live",), free=True),
        "angles": Option("in radians as the app's files have them, or in half turns", ("radians", "halfturns")),
    }

    def open(self, address: Address) -> Sender:
        unit = 1.0 if self.option(address, "angles") == "radians" else 1 / math.pi
        return _Phone(address, self.option(address, "subject"), unit)


class _Phone(Datagrams):
    def __init__(self, address: Address, subject: str, unit: float) -> None:
        super().__init__(address)
        # Receivers drop packets that are shorter than one of 36 letters makes them.
        self._start = struct.pack(">B", _VERSION) + _text(str(uuid.uuid4())) + _text(subject)
        self._unit = unit

    def packets(self, sample: Sample) -> list[bytes]:
        """One datagram; without a face it ends after the time."""
        frame, rest = divmod(sample.time * _FPS, 1.0)
        head = self._start + struct.pack(">ifii", int(frame) & 0x7FFFFFFF, rest, _FPS, 1)
        if not sample.seen:
            return [head]
        turned = [self._unit * angle for angle in angles(sample)]
        return [head + _FACE.pack(_COUNT, *sample.weights, *turned)]


def angles(sample: Sample) -> list[float]:
    """Yaw, pitch, roll of head, left eye and right eye in rad: to the person's right, down, and towards their right
    shoulder they are positive, which is how the app's eyes are known to turn."""
    yaw, pitch, roll = sample.turns
    w = sample.named
    left = EYE_YAW * (w["eyeLookInLeft"] - w["eyeLookOutLeft"])
    right = -0.603 * (w["eyeLookInRight"] - w["eyeLookOutRight"])
    down = [EYE_PITCH * (w[f"eyeLookDown{s}"] - w[f"eyeLookUp{s}"]) for s in ("Left", "Right")]
    return [-yaw, pitch, roll, left, down[0], 0.0, right, down[1], 0.0]


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">i", len(data)) + data


OUTPUT = LiveLink()
