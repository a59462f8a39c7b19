"""VMC, the Virtual Motion Capture protocol over OSC: to VSeeFace, Warudo, VNyan, VMagicMirror, Blender, Unity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.geometry.rotation import quaternion
from expnet_live.outputs.address import Address
from expnet_live.outputs.channels import VRM_0, VRM_1
from expnet_live.outputs.datagrams import Datagrams
from expnet_live.outputs.osc import Packets, Slots
from expnet_live.outputs.output import Option, OutputKind, Sender
from expnet_live.outputs.sample import Sample

# Some receivers apply bones' positions: those of a standing adult, each from its parent, in m.
_BODY = (
    ("Hips", (0.0, 0.95, 0.0)),
    ("Spine", (0.0, 0.1, 0.0)),
    ("Chest", (0.0, 0.12, 0.0)),
    ("Neck", (0.0, 0.24, 0.0)),
)
_TURNING = (("Head", (0.0, 0.1, 0.0)), ("LeftEye", (-0.03, 0.06, 0.08)), ("RightEye", (0.03, 0.06, 0.08)))
_UPRIGHT = (0.0, 0.0, 0.0, 1.0)


class Vmc(OutputKind):
    name, port = "vmc", 39539
    about = "VMC over OSC: VSeeFace, Warudo, VNyan, VMagicMirror, Blender, Unity"
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
            return _Performer(address, presets.names, presets.values, bundled)
        names = [n[0].upper() + n[1:] for n in ARKIT] if self.option(address, "names") == "pascal" else ARKIT
        return _Performer(address, names, lambda blendshapes: blendshapes, bundled)


class _Performer(Datagrams):
    def __init__(self, address: Address, names: Sequence[str], clips: Callable[[Array], Array], bundled: bool) -> None:
        super().__init__(address)
        self._start: float | None = None
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
        """Without a face they say so and nothing else."""
        self._start = sample.time if self._start is None else self._start
        time = (sample.time - self._start,)
        if not sample.seen:
            return self._nobody.filled(np.array(time))
        right, left = sample.gaze
        turns = (sample.rotation, gaze_vector(left), gaze_vector(right))
        return self._face.filled(np.concatenate([*map(unity_quaternion, turns), self._clips(sample.blendshapes), time]))


def unity_quaternion(rotation: Array) -> tuple[float, float, float, float]:
    """x, y, z, w in Unity's left-handed frame, in which the avatar looks along +z, of a rotation vector in ours."""
    x, y, z, w = quaternion(rotation)
    return x, -y, -z, w


def gaze_vector(gaze: Array) -> Array:
    """The rotation vector of an eye turned by yaw (to the viewer's right) and pitch (up), rad."""
    yaw, pitch = gaze
    return np.array([-pitch, yaw, 0.0])


OUTPUT = Vmc()
