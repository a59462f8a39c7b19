"""Receivers of all live outputs, in a process of their own.

They use nothing of the senders. Each logs when a frame arrived (time.monotonic(), which all processes share) and a key
that tells which one it was: its number, or the time of its capture for protocols without blendshapes.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.research.evaluation.outputs.numbers import ACTIONS, number_of

_ASK_EVERY = 0.5  # s, until something comes
_LOOK_EVERY = 0.2  # s, whether the end has come
_BUFFER = 2**22  # bytes of a socket: a receiver that has no processor for a while loses nothing
_REQUESTS = {
    "ifacialmocap": b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719",
    "facemotion3d": b"FACEMOTION3D_OtherStreaming",
}
_PASCAL = [name[0].upper() + name[1:] for name in ACTIONS]


@dataclass(frozen=True)
class Task:
    """`ports` of the outputs at which we ask for data; `session`: that of LSL, None without it; `out`: for the logs."""

    ports: dict[str, int]
    session: str | None
    out: str


class Log:
    """When frames arrived, and their keys."""

    def __init__(self) -> None:
        self.keys, self.times = array("d"), array("d")

    def add(self, key: float, now: float) -> None:
        self.keys.append(key)
        self.times.append(now)


class Receivers:
    def __init__(self, task: Task) -> None:
        self._task = task
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.logs: dict[str, Log] = {}
        self.ports: dict[str, int] = {}

    def start(self) -> None:
        """Afterwards `ports` holds those of the outputs that send without being asked."""
        for name, read in (("vmc", _vmc()), ("livelink", _live_link), ("openseeface", _open_see_face)):
            udp = _udp()
            self.ports[name] = udp.getsockname()[1]
            self._begin(name, self._listen, udp, read, self._log(name))
        for name, request in _REQUESTS.items():
            self._begin(name, self._ask, name, request, self._log(name))
        self._begin("ws", self._web, self._log("ws"))
        self._studio(self._log("vtubestudio"))
        if self._task.session is not None:
            for name in ("Expression", "Action Units", "Pose", "Gaze"):
                self._begin(name, self._inlet, name, self._log(f"lsl {name}"))

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5.0)
        arrays: dict[str, Any] = {f"{kind}:{name}": np.array(values) for name, log in self.logs.items()
                  for kind, values in (("keys", log.keys), ("times", log.times))}  # fmt: skip
        np.savez(self._task.out, **arrays)

    def _log(self, name: str) -> Log:
        self.logs[name] = Log()
        return self.logs[name]

    def _begin(self, name: str, work: Callable[..., None], *args: object) -> None:
        self._threads.append(threading.Thread(target=work, args=args, name=name, daemon=True))
        self._threads[-1].start()

    def _listen(self, udp: socket.socket, read: Callable[[bytes], float | None], log: Log) -> None:
        with udp:
            while not self._over.is_set():
                with suppress(TimeoutError):
                    data = udp.recv(65536)
                    now = time.monotonic()
                    if (key := read(data)) is not None:
                        log.add(key, now)

    def _ask(self, name: str, request: bytes, log: Log) -> None:
        to = "127.0.0.1", self._task.ports[name]
        with _udp() as udp:
            udp.settimeout(_ASK_EVERY)
            while not self._over.is_set():
                try:
                    data = udp.recv(65536)
                except OSError:  # nothing yet
                    udp.sendto(request, to)
                    continue
                log.add(_percents(data), time.monotonic())

    def _web(self, log: Log) -> None:
        from websockets.exceptions import ConnectionClosed
        from websockets.sync.client import connect

        while not self._over.is_set():
            try:
                with connect(f"ws://127.0.0.1:{self._task.ports['ws']}", compression=None) as client:
                    while not self._over.is_set():
                        with suppress(TimeoutError):
                            text = client.recv(timeout=_LOOK_EVERY)
                            now = time.monotonic()
                            weights = json.loads(text)["blendshapes"]
                            log.add(number_of([weights[n] for n in ACTIONS]), now)
            except (OSError, ConnectionClosed):
                self._over.wait(_LOOK_EVERY)

    def _studio(self, log: Log) -> None:
        from websockets.exceptions import ConnectionClosed
        from websockets.sync.server import ServerConnection, serve

        ours = [f"ExpNet{name}" for name in _PASCAL]

        def client(connection: ServerConnection) -> None:
            made: list[str] = []
            with suppress(ConnectionClosed):
                for text in connection:
                    now = time.monotonic()
                    message = json.loads(text)
                    kind, data = message["messageType"], message["data"]
                    if kind == "InjectParameterDataRequest":
                        values = {p["id"]: p["value"] for p in data["parameterValues"]}
                        if ours[0] in values:
                            log.add(number_of([values[n] for n in ours]), now)
                    answer, content = _studio_answer(kind, data, made)
                    connection.send(json.dumps({**message, "messageType": answer, "data": content}))

        server = serve(client, "127.0.0.1", 0, compression=None)
        self.ports["vtubestudio"] = server.socket.getsockname()[1]
        self._begin("VTube Studio", self._serve, server)

    def _serve(self, server: Any) -> None:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._over.wait()
        server.shutdown()

    def _inlet(self, name: str, log: Log) -> None:
        import pylsl

        found: list[Any] = []
        while not found and not self._over.is_set():
            found = pylsl.resolve_byprop("name", f"ExpNet Live {name}", timeout=1.0)
        if not found:
            return
        inlet = pylsl.StreamInlet(found[0])
        while not self._over.is_set():
            _, captured = inlet.pull_sample(timeout=_LOOK_EVERY)
            if captured:
                log.add(captured, time.monotonic())
        inlet.close_stream()


def _udp() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    udp.bind(("127.0.0.1", 0))
    udp.settimeout(_LOOK_EVERY)
    return udp


def _vmc() -> Callable[[bytes], float | None]:
    """A frame has arrived with its last message, the time."""
    patterns = [b"/VMC/Ext/Blend/Val\0\0,sf\0" + _osc(name) for name in _PASCAL]
    found: dict[bytes, float] = {}

    def read(data: bytes) -> float | None:
        for pattern in patterns:
            if (at := data.find(pattern)) >= 0:
                found[pattern] = struct.unpack_from(">f", data, at + len(pattern))[0]
        if b"/VMC/Ext/T\0" not in data or len(found) < len(patterns):
            return None
        number = number_of([found[p] for p in patterns])
        found.clear()
        return number

    return read


def _osc(text: str) -> bytes:
    return text.encode() + b"\0" * (4 - len(text) % 4)


def _live_link(data: bytes) -> float | None:
    values = struct.unpack(">61f", data[-244:])
    return number_of([values[ARKIT.index(n)] for n in ACTIONS])


def _open_see_face(data: bytes) -> float | None:
    captured: float = struct.unpack_from("<d", data)[0]
    return captured


def _percents(data: bytes) -> float:
    def percent(name: str) -> int:
        at = data.index(name.encode()) + len(name) + 1
        return int(data[at : data.index(b"|", at)])

    return number_of([percent(name) / 100 for name in ACTIONS])


def _studio_answer(kind: str, data: Mapping[str, Any], made: list[str]) -> tuple[str, dict[str, Any]]:
    if kind == "AuthenticationTokenRequest":
        return "AuthenticationTokenResponse", {"authenticationToken": "for measuring"}
    if kind == "AuthenticationRequest":
        return "AuthenticationResponse", {"authenticated": True}
    if kind == "ParameterCreationRequest":
        made.append(data["parameterName"])
    content = {"customParameters": [{"name": n} for n in made]} if kind == "InputParameterListRequest" else {}
    return kind.replace("Request", "Response"), content


def read_logs(path: Path) -> Iterator[tuple[str, Array, Array]]:
    """Name, keys and times of each receiver."""
    with np.load(path) as arrays:
        for name in (n.removeprefix("keys:") for n in arrays if n.startswith("keys:")):
            yield name, arrays[f"keys:{name}"], arrays[f"times:{name}"]


def settings_of_lsl(folder: Path, session: str) -> Path:
    """A file for LSLAPICFG: streams of this computer and of one session."""
    path = folder / "lsl_api.cfg"
    path.write_text(f"[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {{127.0.0.1}}\nSessionID = {session}\n")
    return path


def main(task: Task) -> None:
    sys.setswitchinterval(1e-4)  # a thread that decodes must not hold up those that look at the clock
    receivers = Receivers(task)
    if task.session is not None:
        folder = Path(tempfile.mkdtemp())
        os.environ["LSLAPICFG"] = str(settings_of_lsl(folder, task.session))
    receivers.start()
    print(json.dumps(receivers.ports), flush=True)
    sys.stdin.read()  # until the sender closes it
    receivers.end()


if __name__ == "__main__":
    main(Task(**json.loads(sys.argv[1])))
