"""JSON over WebSocket: to web pages, scripts and games. We are the server; whoever connects gets every sample."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.outputs.address import Address
from expnet_live.outputs.output import BACKLOG, OutputKind, Sender
from expnet_live.outputs.sample import Sample
from expnet_live.threads.mailbox import Mailbox

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

_LOCAL = ("localhost", "127.0.0.1", "::1")
_PATIENCE = 5  # s that a client may take for one message: a slower one is closed
_LOOK_EVERY = 0.5  # s, whether a client is still there while nothing is sent


class WebSocket(OutputKind):
    name, port = "ws", 8765
    about = "JSON over WebSocket: web pages, scripts, games"

    def open(self, address: Address) -> Sender:
        return _Server(address)


class _Server(Sender):
    quick = True

    def __init__(self, address: Address) -> None:
        from websockets.sync.server import serve

        self._clients: dict[ServerConnection, Mailbox[bytes]] = {}
        self._lock = threading.Lock()
        self._closed = False
        family, *_, to = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(to[:2], family=family)
        self._server = serve(
            self._greet, sock=listening, process_request=_only_local, close_timeout=_LOOK_EVERY, compression=None
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="WebSocket server", daemon=True)
        self._thread.start()

    @property
    def receivers(self) -> int:
        return len(self._clients)

    def send(self, sample: Sample) -> None:
        with self._lock:
            boxes = tuple(self._clients.values())
        if boxes:
            data = msgspec.json.encode(message(sample))
            for box in boxes:
                box.put(data)

    def close(self) -> None:
        self._closed = True
        self._server.shutdown()
        with self._lock:
            clients = dict(self._clients)
        for client, box in clients.items():
            box.close()
            client.close()
        self._thread.join(_LOOK_EVERY)

    def _greet(self, client: ServerConnection) -> None:
        """On a thread of the client's own, until it goes: one that is slow misses samples, and holds up no other."""
        from websockets.exceptions import ConnectionClosed

        if sys.platform != "win32":
            limit = struct.pack("ll", _PATIENCE, 0)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        box: Mailbox[bytes] = Mailbox(BACKLOG)
        with self._lock:
            self._clients[client] = box
        try:
            while not self._closed:
                data = box.take(_LOOK_EVERY)
                if data is not None:
                    client.send(data, text=True)
                _hear(client)
        except (ConnectionClosed, TimeoutError, OSError):
            pass
        finally:
            with self._lock:
                self._clients.pop(client, None)


def _hear(client: ServerConnection) -> None:
    """What clients say is not for us, but has to be taken in. Raises ConnectionClosed when they have gone."""
    try:
        while True:
            client.recv(timeout=0)
    except TimeoutError:
        pass


def _only_local(client: ServerConnection, request: Request) -> Response | None:
    """Refuses pages of other sites: any page that is open in a browser here could otherwise read the face."""
    origin = request.headers.get("Origin")
    if origin is None or urlsplit(origin).hostname in _LOCAL:
        return None
    return client.respond(HTTPStatus.FORBIDDEN, "Only programs and pages of this computer may listen.\n")


def message(sample: Sample) -> dict[str, object]:
    """See docs/outputs.md."""
    if not sample.seen:
        return {"version": 1, "time": sample.time, "seen": False}
    return {
        "version": 1,
        "time": sample.time,
        "seen": True,
        "blendshapes": dict(zip(ARKIT, _rounded(sample.blendshapes, 4), strict=True)),
        "rotation": _rounded(sample.rotation, 5),
        "translation": _rounded(sample.translation, 2),
        "gaze": _rounded(sample.gaze, 4),
    }


def _rounded(values: object, digits: int) -> list[float]:
    rounded: list[float] = np.asarray(values, np.float64).round(digits).tolist()
    return rounded


OUTPUT = WebSocket()
