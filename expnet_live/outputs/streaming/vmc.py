"""VMC, the Virtual Motion Capture protocol over OSC: to VSeeFace, Warudo, VNyan, VMagicMirror, Blender, Unity."""

from __future__ import annotations

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.outputs.stream import Address, Datagrams, OutputKind, Sample, Sender

_MOST_BYTES = 1500  # of a datagram, as the protocol demands
_BUNDLE_BYTES, _ELEMENT_BYTES = 16, 4  # of a bundle's head, and before each message in it
# Some receivers apply bones' positions: those of a standing adult, each from its parent, in m.
_BODY = (
    ("Hips", (0.0, 0.95, 0.0)),
    ("Spine", (0.0, 0.1, 0.0)),
    ("Chest", (0.0, 0.12, 0.0)),
    ("Neck", (0.0, 0.24, 0.0)),
)
_HEAD, _LEFT_EYE, _RIGHT_EYE = (0.0, 0.1, 0.0), (-0.03, 0.06, 0.08), (0.03, 0.06, 0.08)
_UPRIGHT = (0.0, 0.0, 0.0, 1.0)


class Vmc(OutputKind):
    name, port = "vmc", 39539
    about = "VMC over OSC: VSeeFace, Warudo, VNyan, VMagicMirror, Blender, Unity"

    def open(self, address: Address) -> Sender:
        return _Performer(address)


class _Performer(Datagrams):
    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._start: float | None = None

    def packets(self, sample: Sample) -> list[bytes]:
        self._start = sample.time if self._start is None else self._start
        return _bundles(messages(sample, sample.time - self._start))


def messages(sample: Sample, time: float) -> list[bytes]:
    """The OSC messages of a frame, `time` s after the first; without a face they say so and nothing else."""
    tail = [_message("/VMC/Ext/OK", int(sample.seen)), _message("/VMC/Ext/T", float(time))]
    if not sample.seen:
        return tail
    bones = [*((name, place, _UPRIGHT) for name, place in _BODY), ("Head", _HEAD, unity_quaternion(sample.rotation))]
    for name, place, (yaw, pitch) in (("LeftEye", _LEFT_EYE, sample.gaze[1]), ("RightEye", _RIGHT_EYE, sample.gaze[0])):
        bones.append((name, place, _gaze(float(yaw), float(pitch))))
    return [
        _message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, *_UPRIGHT),
        *(_message("/VMC/Ext/Bone/Pos", name, *place, *turn) for name, place, turn in bones),
        *(
            _message("/VMC/Ext/Blend/Val", n[0].upper() + n[1:], float(w))
            for n, w in zip(ARKIT, sample.blendshapes, strict=True)
        ),
        _message("/VMC/Ext/Blend/Apply"),
        *tail,
    ]


def unity_quaternion(rotation: Array) -> tuple[float, float, float, float]:
    """x, y, z, w in Unity's left-handed frame, in which the avatar looks along +z, of a rotation vector in ours."""
    angle = float(np.linalg.norm(rotation))
    x, y, z = np.asarray(rotation, float) * (np.sin(angle / 2) / angle if angle > 1e-9 else 0.5)
    return float(x), float(-y), float(-z), float(np.cos(angle / 2))


def _gaze(yaw: float, pitch: float) -> tuple[float, float, float, float]:
    """Of an eye turned by yaw (to the viewer's right) and pitch (up), rad."""
    return unity_quaternion(np.array([-pitch, yaw, 0.0]))


def _message(address: str, *values: str | float | int) -> bytes:
    from pythonosc.osc_message_builder import OscMessageBuilder

    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value, {str: "s", int: "i", float: "f"}[type(value)])
    return bytes(builder.build().dgram)


def _bundles(parts: list[bytes]) -> list[bytes]:
    """Messages in their order, in as few bundles as fit into datagrams."""
    head = b"#bundle\0" + b"\0" * 7 + b"\1"  # to be applied at once
    out = [head]
    for part in parts:
        if len(out[-1]) + _ELEMENT_BYTES + len(part) > _MOST_BYTES:
            out.append(head)
        out[-1] += len(part).to_bytes(_ELEMENT_BYTES, "big") + part
    return out


OUTPUT = Vmc()
