"""Facemotion3d, text over UDP: to its receivers for Blender, Unity, Maya and MotionBuilder."""

from __future__ import annotations

from expnet_live.core.arkit import ARKIT
from expnet_live.outputs.address import Address
from expnet_live.outputs.asked import OWN, Asked, bones, template
from expnet_live.outputs.output import OutputKind, Sender
from expnet_live.outputs.sample import Sample

_ASK, _STOP = "FACEMOTION3D_OtherStreaming", "StopStreaming_FACEMOTION3D"
_TEXTS = {"&": template(ARKIT, "&")}


class Facemotion3d(OutputKind):
    name, port, host = "facemotion3d", 49993, OWN
    about = "Facemotion3d over UDP: receivers for Blender, Unity, Maya, MotionBuilder"

    def open(self, address: Address) -> Sender:
        return _Phone(address)


class _Phone(Asked):
    def wanted(self, request: str) -> str | None:
        if request.startswith(_STOP):
            return None
        if not request.startswith(_ASK) or "protocol=tcp" in request:
            raise ValueError(request)
        return "&"

    def text(self, sample: Sample, version: str, nudge: float) -> str:
        return _TEXTS[version] % sample.percents + bones(sample, self.place_of(sample, nudge))


OUTPUT = Facemotion3d()
