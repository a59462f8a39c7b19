"""VTube Studio's plugin interface, JSON over WebSocket: to its Live2D avatars.

We are a plugin: VTube Studio asks its user once whether it may, and gives a token that is kept. Values have to come at
least once a second.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import socket
import time
from enum import Enum, auto
from pathlib import Path
from typing import Any

from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import system_text
from expnet_live.core.files import write_whole
from expnet_live.core.paths import data_folder, make_folder
from expnet_live.core.records import read_json
from expnet_live.core.types import Array
from expnet_live.outputs.address import Address, resolved
from expnet_live.outputs.channels import VTUBE_STUDIO
from expnet_live.outputs.output import OutputKind, Sender
from expnet_live.outputs.sample import Sample
from expnet_live.outputs.wire import Wire

log = logging.getLogger(__name__)

_PLUGIN = {"pluginName": "ExpNet Live", "pluginDeveloper": "ExpNet Live"}
_ENVELOPE = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
_INJECTION = (
    '{"apiName":"VTubeStudioPublicAPI","apiVersion":"1.0","requestID":"InjectParameterDataRequest",'
    '"messageType":"InjectParameterDataRequest",'
    '"data":{"faceFound":%s,"mode":"set","parameterValues":[%s]}}'
)
_INJECTED = b'"InjectParameterDataResponse"'  # an answer that says nothing, to each sample
_HEAR_EVERY = 6  # samples, once it takes them
_RETRY = 2.0  # s between attempts to connect
_PATIENCE = 5.0  # s that an answer may take
_REFUSED = 50  # the error of a user who does not allow the plugin
_OURS = tuple(f"ExpNet{name[0].upper()}{name[1:]}" for name in ARKIT)  # parameters of our own
_POSE = (
    "FaceAngleX", "FaceAngleY", "FaceAngleZ", "FacePositionX", "FacePositionY", "FacePositionZ",
    "EyeRightX", "EyeRightY", "EyeLeftX", "EyeLeftY", "MouthX",
)  # fmt: skip
_NAMES = (*VTUBE_STUDIO.names, *_POSE, *_OURS)
_FULL_LOOK = 0.6  # rad of an eye that VTube Studio counts as 1


class VTubeStudio(OutputKind):
    name, port = "vtubestudio", 8001
    about = "VTube Studio over WebSocket: Live2D avatars"

    def open(self, address: Address) -> Sender:
        return _Plugin(address)


class _Step(Enum):
    AWAY = auto()
    GREETING = auto()  # connecting, and its protocol's beginning
    ASKING = auto()  # the user, for a token
    ENTERING = auto()
    LEARNING = auto()  # which parameters there are
    READY = auto()


_SHORT = (_Step.GREETING, _Step.ENTERING, _Step.LEARNING)  # which no user holds up


class _Plugin(Sender):
    """Each sample takes it one step further; nothing waits for an answer."""

    quick = True

    def __init__(self, address: Address) -> None:
        self._address = address
        self._family, self._to = resolved(address, socket.SOCK_STREAM)
        self._wire: Wire | None = None
        self._text = b""
        self._step = _Step.AWAY
        self._tried = -_RETRY
        self._count = 0
        self._refused = False
        self._objection: str | None = None  # what it says against our last message
        self._waits_since: float | None = None  # for an answer to the values that were sent
        self._token = _read_token()
        self._known: list[int] = []  # of _NAMES, those that it has
        self._template = ""
        self._origin: Array | None = None

    @property
    def receivers(self) -> int:
        return int(self._step is _Step.READY)

    @property
    def problem(self) -> str | None:
        if self._refused:
            return "VTube Studio does not allow ExpNet Live; to ask again, switch this output off and on."
        if self._step in (_Step.AWAY, _Step.GREETING):
            return f"VTube Studio does not answer at {self._address}; start it, and switch on its API in its settings."
        return "Allow ExpNet Live in VTube Studio's window." if self._step is _Step.ASKING else self._objection

    def send(self, sample: Sample) -> None:
        try:
            if self._wire is None:
                self._connect()
            self._count += 1
            if self._wire is not None and (self._step is not _Step.READY or self._count % _HEAR_EVERY == 0):
                self._hear(self._wire)
            if self._step is _Step.READY:
                self._inject(sample)
        except BlockingIOError:  # it reads too slowly: this sample is lost
            raise
        except OSError as error:
            log.info("VTube Studio has gone: %s", error)
            self._leave()

    def close(self) -> None:
        self._leave()

    def _connect(self) -> None:
        from websockets.client import ClientProtocol
        from websockets.uri import parse_uri

        now = time.monotonic()
        if self._refused or now < self._tried + _RETRY:
            return
        self._tried = now
        connection = socket.socket(self._family, socket.SOCK_STREAM)
        protocol = ClientProtocol(parse_uri(f"ws://{self._address}"), max_size=2**22)
        self._wire, self._step = Wire(connection, protocol), _Step.GREETING
        connection.connect_ex(self._to)  # the answer comes later
        protocol.send_request(protocol.connect())

    def _enter(self) -> None:
        self._tried = time.monotonic()
        if self._token is None:
            self._step = _Step.ASKING
            self._say("AuthenticationTokenRequest", _PLUGIN)
        else:
            self._step = _Step.ENTERING
            self._say("AuthenticationRequest", {**_PLUGIN, "authenticationToken": self._token})

    def _leave(self) -> None:
        wire, self._wire = self._wire, None
        self._step, self._text, self._objection, self._waits_since = _Step.AWAY, b"", None, None
        if wire is not None:
            wire.close()

    def _hear(self, wire: Wire) -> None:
        """Raises OSError when the connection is over, or takes too long."""
        from websockets.frames import Frame, Opcode
        from websockets.protocol import State

        if self._step in _SHORT and time.monotonic() > self._tried + _PATIENCE:
            raise TimeoutError("it does not answer")
        if self._step is _Step.GREETING and not _connected(wire.socket):
            return
        for event in wire.hear():
            if not isinstance(event, Frame):  # the answer to our greeting, which the protocol has checked
                if wire.protocol.state is State.OPEN:
                    self._enter()
            elif event.opcode in (Opcode.TEXT, Opcode.CONT):
                self._text += event.data
                if event.fin:
                    text, self._text = self._text, b""
                    self._understand(text)
            if self._wire is not wire:  # it does not allow us
                return
        if wire.over:
            raise ConnectionError("it has closed the connection")
        if self._waits_since is not None and time.monotonic() > self._waits_since + _PATIENCE:
            raise TimeoutError("it no longer answers")

    def _understand(self, text: bytes) -> None:
        """Raises OSError for what VTube Studio never says: another program may use its port."""
        self._waits_since = None
        if _INJECTED in text:
            self._objection = None
            return
        try:
            message = read_json(text)
            self._answer(str(message.get("messageType")), message.get("data") or {})
        except OSError:
            raise
        except Exception as error:
            raise ConnectionError(f"it says something else: {text[:200]!r}") from error

    def _answer(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "AuthenticationTokenResponse":
            self._token = str(data["authenticationToken"])
            _keep_token(self._token)
            self._enter()
        elif kind == "AuthenticationResponse" and data.get("authenticated"):
            self._step, self._tried = _Step.LEARNING, time.monotonic()
            for name in _OURS:
                self._say("ParameterCreationRequest", _parameter(name))
            self._say("InputParameterListRequest", {})
        elif kind == "AuthenticationResponse":  # the user took the token back
            self._token = None
            self._enter()
        elif kind == "InputParameterListResponse":
            everything = [*data.get("defaultParameters", ()), *data.get("customParameters", ())]
            known = {str(p["name"]) for p in everything}
            self._known = [i for i, name in enumerate(_NAMES) if name in known]
            self._template = ",".join(f'{{"id":"{_NAMES[i]}","value":%s}}' for i in self._known)
            self._step = _Step.READY
        elif kind == "APIError" and self._step is _Step.ASKING and data.get("errorID") == _REFUSED:
            self._refused = True
            self._leave()
        elif kind == "APIError":
            said = f"VTube Studio says: {data.get('message')}"
            if said != self._objection:
                log.info("%s", said)
            if self._step in (_Step.ENTERING, _Step.READY):  # such as that another plugin moves the same inputs
                self._objection = said

    def _inject(self, sample: Sample) -> None:
        assert self._wire is not None
        # A face that is not there keeps the connection, so that its avatar comes to rest.
        values = f'{{"id":"{_OURS[0]}","value":0}}'
        if sample.seen:
            self._origin = sample.translation if self._origin is None else self._origin
            told = *VTUBE_STUDIO.values(sample.blendshapes).tolist(), *pose(sample, self._origin).values()
            texts = [*("%.4f" % v for v in told), *sample.decimals]  # noqa: UP031 - the quickest
            values = self._template % tuple([texts[i] for i in self._known])
        if not self._wire.say((_INJECTION % (("false", "true")[sample.seen], values)).encode()):
            raise BlockingIOError
        self._waits_since = self._waits_since or time.monotonic()

    def _say(self, kind: str, data: dict[str, Any]) -> None:
        assert self._wire is not None
        message = {**_ENVELOPE, "requestID": kind, "messageType": kind, "data": data}
        self._wire.queue(json.dumps(message).encode())


def _connected(connection: socket.socket) -> bool:
    """Raises OSError if the other end refuses."""
    if code := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(code, system_text(code))
    try:
        connection.getpeername()
    except OSError as error:
        if error.errno == errno.ENOTCONN:
            return False
        raise
    return True


def pose(sample: Sample, origin: Array) -> dict[str, float]:
    """Degrees, cm, and looks of -1..1: to the viewer's right (the person's left), up, towards the person's left
    shoulder, and towards the camera they are positive."""
    yaw, pitch, roll = (math.degrees(a) for a in sample.turns)
    place = ((sample.translation - origin) / 10).tolist()
    looks = [min(max(angle / _FULL_LOOK, -1.0), 1.0) for eye in sample.looks for angle in eye]
    mouth = sample.named["mouthLeft"] - sample.named["mouthRight"]
    return dict(zip(_POSE, (yaw, -pitch, -roll, *place, *looks, mouth), strict=True))


def _parameter(name: str) -> dict[str, Any]:
    about = f"ARKit's {name.removeprefix('ExpNet')}, by ExpNet Live"
    return {"parameterName": name, "explanation": about, "min": 0, "max": 1, "defaultValue": 0}


def _token_file() -> Path:
    return data_folder() / "vtube_studio.json"


def _keep_token(token: str) -> None:
    try:
        make_folder(_token_file().parent)
        write_whole(_token_file(), json.dumps({"token": token}))
    except OSError as error:
        log.warning("VTube Studio's token cannot be kept (%s), so it asks you again next time.", error)


def _read_token() -> str | None:
    try:
        token = read_json(_token_file().read_text(encoding="utf-8"))["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return token if isinstance(token, str) else None


OUTPUT = VTubeStudio()
