"""The Lab Streaming Layer: to LabRecorder and the many programs of psychology and EEG labs."""

from __future__ import annotations

import logging
import math
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.version import __version__
from expnet_live.outputs.address import Address
from expnet_live.outputs.channels import ACTION_UNITS
from expnet_live.outputs.output import Option, OutputKind, Sender
from expnet_live.outputs.sample import Sample

if TYPE_CHECKING:
    import pylsl

log = logging.getLogger(__name__)

Channel = tuple[str, str, str]  # label, type, unit
_EXPRESSION: list[Channel] = [(name, "Blendshape", "normalized") for name in ARKIT]
_UNITS: list[Channel] = [(name, "ActionUnit", "intensity 0 to 5") for name in ACTION_UNITS.names]
_POSE: list[Channel] = [
    *((f"head_{axis.lower()}", f"Position{axis}", "meters") for axis in "XYZ"),
    *((f"head_q{axis}", f"Orientation{name}", "quaternion") for axis, name in zip("xyzw", "ABCD", strict=True)),
]
_GAZE: list[Channel] = [
    (f"{eye}_{angle}", kind, "radians")
    for eye in ("right", "left")
    for angle, kind in (("yaw", "OrientationH"), ("pitch", "OrientationP"))
]
SEEN, LOST = "face seen", "face lost"


class Lsl(OutputKind):
    name, port = "lsl", 16571
    about = "Lab Streaming Layer: LabRecorder, EEG and psychology labs"
    marks = True
    options: Mapping[str, Option] = {
        "reach": Option("who finds the streams: programs of this computer, or of the network", ("computer", "network")),
        "session": Option("the session ID that LSL's programs share", ("default",), free=True),
    }

    def open(self, address: Address) -> Sender:
        return _Outlets(self.leaves(address), self.option(address, "session"))

    def leaves(self, address: Address) -> bool:
        return self.option(address, "reach") == "network"

    def fetchable(self, address: Address) -> bool:
        """Always: the library's ports are open on all addresses, and none of its settings changes that."""
        return not self.leaves(address)

    def place(self, address: Address) -> str:
        return f"the Lab Streaming Layer of this {'network' if self.leaves(address) else 'computer'}"

    def title(self, address: Address) -> str:
        return self.name


class _Outlets(Sender):
    """Four streams of numbers, which are NaN where there is no face, and one of markers."""

    quick = True

    def __init__(self, network: bool, session: str) -> None:
        lsl = _library(network, session)
        self._offset = _offset(lsl.local_clock)
        self._numbers = {
            name: lsl.StreamOutlet(_info(lsl, name, kind, channels))
            for name, kind, channels in (
                ("Expression", "Expression", _EXPRESSION),
                ("Action Units", "Expression", _UNITS),
                ("Pose", "MoCap", _POSE),
                ("Gaze", "Gaze", _GAZE),
            )
        }
        self._markers = lsl.StreamOutlet(_info(lsl, "Markers", "Markers", [("marker", "Marker", "")], "string"))
        self._seen: bool | None = None

    @property
    def receivers(self) -> int:
        return sum(outlet.have_consumers() for outlet in (*self._numbers.values(), self._markers))

    def send(self, sample: Sample) -> None:
        time = sample.time + self._offset
        for name, values in values_of(sample).items():
            self._numbers[name].push_sample(values, time)
        if sample.seen != self._seen:
            self._seen = sample.seen
            self._markers.push_sample([SEEN if sample.seen else LOST], time)

    def mark(self, label: str, time: float) -> None:
        self._markers.push_sample([label], time + self._offset)

    def close(self) -> None:
        self._numbers.clear()
        del self._markers


def values_of(sample: Sample) -> dict[str, list[float]]:
    """Of each stream, in the order of its channels; angles and places are in our own frame."""
    if not sample.seen:
        counts = {"Expression": _EXPRESSION, "Action Units": _UNITS, "Pose": _POSE, "Gaze": _GAZE}
        return {name: [math.nan] * len(channels) for name, channels in counts.items()}
    return {
        "Expression": sample.weights,
        "Action Units": ACTION_UNITS.values(sample.blendshapes).tolist(),
        "Pose": [*(sample.translation / 1000).tolist(), *sample.quaternion],
        "Gaze": [*sample.looks[0], *sample.looks[1]],
    }


def _offset(clock: Callable[[], float]) -> float:
    """What is to be added to a time of time.monotonic(), in s: nothing on Linux, where both are one clock."""
    looks = []
    for _ in range(20):
        before, there, after = time.monotonic(), clock(), time.monotonic()
        looks.append((after - before, 0.0 if before <= there <= after else there - (before + after) / 2))
    return min(looks)[1]  # that of the look which nothing held up


def _info(lsl: Any, name: str, kind: str, channels: list[Channel], form: str = "float32") -> pylsl.StreamInfo:
    title = f"ExpNet Live {name}"
    source = f"expnet-live {name.lower()} {socket.gethostname()}"
    info: pylsl.StreamInfo = lsl.StreamInfo(title, kind, len(channels), lsl.IRREGULAR_RATE, form, source)
    described = info.desc().append_child("channels")
    for label, of, unit in channels:
        channel = described.append_child("channel")
        for key, value in (("label", label), ("type", of), ("unit", unit)):
            channel.append_child_value(key, value)
    maker = info.desc().append_child("acquisition")
    maker.append_child_value("manufacturer", "ExpNet Live")
    maker.append_child_value("model", __version__)
    return info


def _library(network: bool, session: str) -> Any:
    """pylsl, whose reach is set once per process. Raises UserError if it is missing or already set differently."""
    try:
        import pylsl
        from pylsl.lib import lib
    except (ImportError, RuntimeError) as error:  # without its own library it raises RuntimeError
        raise UserError(f"The output lsl needs pylsl; install it: {install('pylsl')}") from error
    if "LSLAPICFG" in os.environ:  # the lab says itself
        return pylsl
    scope = "" if network else "[multicast]\nResolveScope = machine\n"
    content = f"{scope}[lab]\nSessionID = {session}\n[log]\nlevel = -1\n"  # warnings, not its greetings
    if _told and _told[0] != content:
        raise UserError("Restart the program to change the reach of the output lsl, or its session.")
    if not _told:
        lib.lsl_set_config_content(content.encode())
        _told.append(content)
    return pylsl


_told: list[str] = []
OUTPUT = Lsl()
