"""VMC, the Virtual Motion Capture protocol over OSC: to VSeeFace, Warudo, VNyan, VMagicMirror, Blender, Unity."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain

from expnet_live.core.arkit import ARKIT
from expnet_live.core.channels import VRM_0, VRM_1
from expnet_live.live.fading import share_left
from expnet_live.outputs.address import Address
from expnet_live.outputs.datagrams import Datagrams
from expnet_live.outputs.osc import Packets, Slots, message
from expnet_live.outputs.output import Option, OutputKind, Sender
from expnet_live.outputs.sample import Sample

Clips = Callable[[Sample], Sequence[float]]
# Some receivers apply bones' positions: those of a standing adult, each from its parent, in m.
_BODY = (
    ("Hips", (0.0, 0.95, 0.0)),
    ("Spine", (0.0, 0.1, 0.0)),
    ("Chest", (0.0, 0.12, 0.0)),
    ("Neck", (0.0, 0.24, 0.0)),
)
_TURNING = (("Head", (0.0, 0.1, 0.0)), ("LeftEye", (-0.03, 0.06, 0.08)), ("RightEye", (0.03, 0.06, 0.08)))
MARKER = "/ExpNet/Marker"
_UPRIGHT = (0.0, 0.0, 0.0, 1.0)


class Vmc(OutputKind):
    name, port = "vmc", 39539
    about = "VMC over OSC: VSeeFace, Warudo, VNyan, VMagicMirror, Blender, Unity"
    marks = True
    options: Mapping[str, Option] = {
        "clips": Option(
            "the avatar's blendshapes: Perfect Sync, or the presets of VRM 0 or 1", ("perfectsync", "vrm0", "vrm1")
        ),
        "names": Option("how blendshapes are written: JawOpen or jawOpen", ("pascal", "camel")),
        "messages": Option("in bundles, or each alone for receivers that refuse bundles", ("bundled", "single")),
    }

    def open(self, address: Address) -> Sender:
        clips, bundled = self.option(address, "clips"), self.option(address, "messages") == "bundled"
        presets = {"vrm0": VRM_0, "vrm1": VRM_1}.get(clips)
        if presets is not None:
            return _Performer(
                address, presets.names, lambda sample: presets.values(sample.blendshapes).tolist(), bundled
            )
        names = [n[0].upper() + n[1:] for n in ARKIT] if self.option(address, "names") == "pascal" else ARKIT
        return _Performer(address, names, lambda sample: sample.weights, bundled)


class _Performer(Datagrams):
    def __init__(self, address: Address, names: Sequence[str], clips: Clips, bundled: bool) -> None:
        super().__init__(address)
        self._start: float | None = None  # of the time in its messages
        self._last: Sample | None = None  # of the face, until it has come to rest
        self._clips = clips
        self._nobody = Packets([("/VMC/Ext/OK", 0), ("/VMC/Ext/T", Slots(1))], bundled)
        self._face = Packets(
            [
                ("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, *_UPRIGHT),
                *(("/VMC/Ext/Bone/Pos", name, *place, *_UPRIGHT) for name, place in _BODY),
                *(("/VMC/Ext/Bone/Pos", name, *place, Slots(4)) for name, place in _TURNING),
                *(("/VMC/Ext/Blend/Val", name, Slots(1)) for name in names),
                ("/VMC/Ext/Blend/Apply",),
                ("/VMC/Ext/OK", 1),
                ("/VMC/Ext/T", Slots(1)),
            ],
            bundled,
        )

    def packets(self, sample: Sample) -> list[bytes]:
        """Receivers keep what they got last: a lost face goes to rest. Then they say that there is none, no more."""
        self._start = sample.time if self._start is None else self._start
        if sample.seen:
            self._last = sample
            return self._filled(sample, sample.time)
        if self._last is None:
            return self._nobody.filled((sample.time - self._start,))
        last, share = self._last, share_left(sample.time - self._last.time)
        if share == 0:
            self._last = None
        return self._filled(last.eased(share), sample.time)

    def _filled(self, sample: Sample, time: float) -> list[bytes]:
        right, left = sample.looks
        turns = (_unity(*sample.quaternion), _eye(*left), _eye(*right))
        return self._face.filled([*chain(*turns), *self._clips(sample), time - (self._start or 0.0)])

    def close(self) -> None:
        """The avatar that nobody moves any more is at rest."""
        if self._last is not None:
            with suppress(OSError):
                for packet in self._filled(self._last.eased(0.0), self._last.time):
                    self._one(packet)
        super().close()

    def mark(self, label: str, time: float) -> None:
        """A message of our own, which receivers of VMC skip: the label, and the time as in /VMC/Ext/T."""
        self._start = time if self._start is None else self._start
        self._one(message(MARKER, label, float(time - self._start)))


def _unity(x: float, y: float, z: float, w: float) -> tuple[float, float, float, float]:
    """A quaternion of our frame in Unity's left-handed one, in which the avatar looks along +z."""
    return x, -y, -z, w


def _eye(yaw: float, pitch: float) -> tuple[float, float, float, float]:
    """Unity's quaternion of an eye turned up by pitch, then to the viewer's right by yaw (rad), as our gaze is."""
    (sy, cy), (sp, cp) = ((math.sin(a / 2), math.cos(a / 2)) for a in (yaw, pitch))
    return _unity(-cy * sp, sy * cp, sy * sp, cy * cp)


OUTPUT = Vmc()
