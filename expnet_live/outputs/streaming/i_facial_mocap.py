"""iFacialMocap, text over UDP: to the many receivers for Blender, Unity, Unreal, Cinema 4D and Maya."""

from __future__ import annotations

from expnet_live.core.arkit import ARKIT, WHOLE
from expnet_live.outputs.address import Address
from expnet_live.outputs.asked import OWN, Asked, bones, template
from expnet_live.outputs.output import OutputKind, Sender
from expnet_live.outputs.sample import Sample

_ASK = "iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
_STOP = "iFacialMocap_UDPTCPSTOP_sahuasouryya9218sauhuiayeta91555dy3719"
_SECOND = "sendDataVersion=v2"


def _short(name: str) -> str:
    if name in WHOLE:  # a jaw moves left, but an eye is the left one
        return name
    for side in ("Left", "Right"):
        if name.endswith(side):
            return f"{name.removesuffix(side)}_{side[0]}"
    return name


_TEXTS = {version: template([_short(name) for name in ARKIT], version) for version in ("-", "&")}


class IFacialMocap(OutputKind):
    name, port, host = "ifacialmocap", 49983, OWN
    about = "iFacialMocap over UDP: receivers for Blender, Unity, Unreal, Cinema 4D, Maya"

    def open(self, address: Address) -> Sender:
        return _Phone(address)


class _Phone(Asked):
    def wanted(self, request: str) -> str | None:
        if request.startswith(_STOP):
            return None
        if not request.startswith(_ASK):
            raise ValueError(request)
        return "&" if _SECOND in request else "-"

    def text(self, sample: Sample, version: str, nudge: float) -> str:
        return _TEXTS[version] % sample.percents + bones(sample, self.place_of(sample, nudge))


OUTPUT = IFacialMocap()
