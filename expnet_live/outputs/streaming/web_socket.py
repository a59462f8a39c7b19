"""JSON over WebSocket: to web pages, scripts and games. We are the server; whoever connects gets every sample."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from expnet_live.core.arkit import ARKIT
from expnet_live.outputs.stream import Address, OutputKind, Sample, Sender

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

_LOCAL = ("localhost", "127.0.0.1", "::1")
_PATIENCE = 0.5  # s (below 1) that a client may take for one message: a slower one is closed


class WebSocket(OutputKind):
    name, port = "ws", 8765
    about = "JSON over WebSocket: web pages, scripts, games"

    def open(self, address: Address) -> Sender:
        return _Server(address)


class _Server:
    def __init__(self, address: Address) -> None:
        from websockets.sync.server import serve

        self._clients: set[ServerConnection] = set()
        self._lock = threading.Lock()
        self._server = serve(
            self._greet, address.host, address.port, process_request=_only_local, close_timeout=_PATIENCE
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="WebSocket server", daemon=True)
        self._thread.start()

    @property
    def receivers(self) -> int:
        return len(self._clients)

    def send(self, sample: Sample) -> None:
        from websockets.exceptions import ConnectionClosed

        text = json.dumps(message(sample))
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            try:
                client.send(text)
            except (ConnectionClosed, TimeoutError):
                self._forget(client)

    def close(self) -> None:
        self._server.shutdown()
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            client.close()
        self._thread.join(_PATIENCE)

    def _greet(self, client: ServerConnection) -> None:
        """On a thread of the client's own, until it goes."""
        if sys.platform != "win32":  # so that a client that does not read holds nobody up
            limit = struct.pack("ll", 0, int(_PATIENCE * 1e6))
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        with self._lock:
            self._clients.add(client)
        try:
            for _ in client:  # what they say is not for us
                pass
        finally:
            self._forget(client)

    def _forget(self, client: ServerConnection) -> None:
        with self._lock:
            self._clients.discard(client)


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
        "blendshapes": {name: round(float(w), 4) for name, w in zip(ARKIT, sample.blendshapes, strict=True)},
        "rotation": [round(float(v), 5) for v in sample.rotation],
        "translation": [round(float(v), 2) for v in sample.translation],
        "gaze": [[round(float(v), 4) for v in eye] for eye in sample.gaze],
    }


OUTPUT = WebSocket()
