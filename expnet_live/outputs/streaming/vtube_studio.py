"""VTube Studio's plugin interface, JSON over WebSocket: to its Live2D avatars.

We are a plugin: VTube Studio asks its user once whether it may, and gives a token that is kept. Values have to come at
least once a second.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import ExitStack
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.files import write_whole
from expnet_live.core.paths import data_folder
from expnet_live.core.types import Array
from expnet_live.geometry.rotation import turns
from expnet_live.outputs.address import Address
from expnet_live.outputs.channels import VTUBE_STUDIO
from expnet_live.outputs.output import OutputKind, Sender
from expnet_live.outputs.sample import Sample

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

_PLUGIN = {"pluginName": "ExpNet Live", "pluginDeveloper": "ExpNet Live"}
_RETRY = 2.0  # s between attempts to connect
_PATIENCE = 0.5  # s that a connection may take
_REFUSED = 50  # the error of a user who does not allow the plugin
_OURS = tuple(f"ExpNet{name[0].upper()}{name[1:]}" for name in ARKIT)  # parameters of our own
_POSE = (
    "FaceAngleX", "FaceAngleY", "FaceAngleZ", "FacePositionX", "FacePositionY", "FacePositionZ",
    "EyeRightX", "EyeRightY", "EyeLeftX", "EyeLeftY", "MouthX",
)  # fmt: skip
_FULL_LOOK = 0.6  # rad of an eye that VTube Studio counts as 1


class VTubeStudio(OutputKind):
    name, port = "vtubestudio", 8001
    about = "VTube Studio's plugin interface over WebSocket: Live2D avatars"

    def open(self, address: Address) -> Sender:
        return _Plugin(address)


class _Step(Enum):
    AWAY = auto()
    ASKING = auto()  # the user, for a token
    ENTERING = auto()
    LEARNING = auto()  # which parameters there are
    READY = auto()


class _Plugin(Sender):
    """Each sample takes it one step further; nothing waits for an answer."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._opened: ExitStack | None = None
        self._socket: ClientConnection | None = None
        self._step = _Step.AWAY
        self._next_try = 0.0
        self._refused = False
        self._token = _read_token()
        self._known: frozenset[str] = frozenset()
        self._origin: Array | None = None

    @property
    def receivers(self) -> int:
        return int(self._step is _Step.READY)

    @property
    def problem(self) -> str | None:
        if self._refused:
            return "VTube Studio does not allow ExpNet Live; to ask again, switch this output off and on."
        if self._step is _Step.AWAY:
            return f"VTube Studio does not answer at {self._address}; start it, and switch on its API in its settings."
        return "Allow ExpNet Live in VTube Studio's window." if self._step is _Step.ASKING else None

    def send(self, sample: Sample) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            if self._socket is None:
                self._connect()
            if self._socket is not None:
                self._hear(self._socket)
                if self._step is _Step.READY:
                    self._inject(sample)
        except (ConnectionClosed, TimeoutError, OSError):
            self._leave()

    def close(self) -> None:
        self._leave()

    def _connect(self) -> None:
        from websockets.exceptions import InvalidHandshake
        from websockets.sync.client import connect

        now = time.monotonic()
        if self._refused or now < self._next_try:
            return
        self._next_try = now + _RETRY
        opened = ExitStack()
        try:
            self._socket = opened.enter_context(
                connect(
                    f"ws://{self._address}", open_timeout=_PATIENCE, close_timeout=_PATIENCE, compression=None,
                    max_size=2**22, proxy=None,
                )
            )  # fmt: skip
        except InvalidHandshake:
            return
        self._opened = opened
        self._enter()

    def _enter(self) -> None:
        if self._token is None:
            self._step = _Step.ASKING
            self._say("AuthenticationTokenRequest", _PLUGIN)
        else:
            self._step = _Step.ENTERING
            self._say("AuthenticationRequest", {**_PLUGIN, "authenticationToken": self._token})

    def _leave(self) -> None:
        opened, self._opened, self._socket = self._opened, None, None
        self._step = _Step.AWAY
        if opened is not None:
            opened.close()

    def _hear(self, connection: ClientConnection) -> None:
        while self._socket is connection:
            try:
                message = json.loads(connection.recv(timeout=0))
            except TimeoutError:
                return
            self._answer(str(message.get("messageType")), message.get("data") or {})

    def _answer(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "AuthenticationTokenResponse":
            self._token = str(data["authenticationToken"])
            _keep_token(self._token)
            self._enter()
        elif kind == "AuthenticationResponse" and data.get("authenticated"):
            self._step = _Step.LEARNING
            for name in _OURS:
                self._say("ParameterCreationRequest", _parameter(name))
            self._say("InputParameterListRequest", {})
        elif kind == "AuthenticationResponse":  # the user took the token back
            self._token = None
            self._enter()
        elif kind == "InputParameterListResponse":
            everything = [*data.get("defaultParameters", ()), *data.get("customParameters", ())]
            self._known = frozenset(str(p["name"]) for p in everything)
            self._step = _Step.READY
        elif kind == "APIError" and self._step is _Step.ASKING and data.get("errorID") == _REFUSED:
            self._refused = True
            self._leave()
        elif kind == "APIError":
            log.info("VTube Studio says: %s", data.get("message"))

    def _inject(self, sample: Sample) -> None:
        values: dict[str, float] = {}
        if sample.seen:
            self._origin = sample.translation if self._origin is None else self._origin
            values = VTUBE_STUDIO.named(sample.blendshapes) | pose(sample, self._origin)
            values |= dict(zip(_OURS, sample.blendshapes.tolist(), strict=True))
        # A face that is not there keeps the connection, so that its avatar comes to rest.
        known = [{"id": n, "value": round(v, 4)} for n, v in values.items() if n in self._known]
        data = {"faceFound": sample.seen, "mode": "set", "parameterValues": known or [{"id": _OURS[0], "value": 0.0}]}
        self._say("InjectParameterDataRequest", data)

    def _say(self, kind: str, data: dict[str, Any]) -> None:
        assert self._socket is not None
        envelope = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0", "requestID": kind, "messageType": kind}
        self._socket.send(msgspec.json.encode({**envelope, "data": data}), text=True)


def pose(sample: Sample, origin: Array) -> dict[str, float]:
    """Degrees, cm, and looks of -1..1: to the viewer's right (the person's left), up, towards the person's left
    shoulder, and towards the camera they are positive."""
    yaw, pitch, roll = (float(np.degrees(a)) for a in turns(sample.rotation))
    place = ((sample.translation - origin) / 10).tolist()
    looks = np.clip(sample.gaze / _FULL_LOOK, -1, 1).ravel().tolist()
    mouth = float(sample.blendshapes[ARKIT.index("mouthLeft")] - sample.blendshapes[ARKIT.index("mouthRight")])
    return dict(zip(_POSE, (yaw, -pitch, -roll, *place, *looks, mouth), strict=True))


def _parameter(name: str) -> dict[str, Any]:
    about = f"ARKit's {name.removeprefix('ExpNet')}, by ExpNet Live"
    return {"parameterName": name, "explanation": about, "min": 0, "max": 1, "defaultValue": 0}


def _token_file() -> Path:
    return data_folder() / "vtube_studio.json"


def _keep_token(token: str) -> None:
    try:
        _token_file().parent.mkdir(parents=True, exist_ok=True)
        write_whole(_token_file(), json.dumps({"token": token}))
    except OSError:
        log.exception("VTube Studio's token cannot be kept; its user is asked again next time")


def _read_token() -> str | None:
    try:
        token = json.loads(_token_file().read_text(encoding="utf-8"))["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return token if isinstance(token, str) else None


OUTPUT = VTubeStudio()
