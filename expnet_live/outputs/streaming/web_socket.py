"""JSON over WebSocket: to web pages, scripts and games. We are the server; whoever connects gets every sample."""

from __future__ import annotations

import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from expnet_live.core.arkit import ARKIT
from expnet_live.outputs.address import Address, resolved
from expnet_live.outputs.output import OutputKind, Sender
from expnet_live.outputs.sample import Sample
from expnet_live.outputs.wire import Wire

if TYPE_CHECKING:
    from websockets.http11 import Request
    from websockets.protocol import Event
    from websockets.server import ServerProtocol

log = logging.getLogger(__name__)

_LOCAL = ("localhost", "127.0.0.1", "::1")
_PATIENCE = 5.0  # s that a client may take for its greeting, or for one message: a slower one is closed
_LOOK_EVERY = 0.5  # s
_BUFFER = 2**16  # bytes for which a client may be late: one that is slow misses samples instead of getting old ones
_GOING_AWAY = 1001
_MOST = 100  # clients, so that this program keeps files to open for itself


class WebSocket(OutputKind):
    name, port = "ws", 8765
    about = "JSON over WebSocket: web pages, scripts, games"
    marks = True

    def open(self, address: Address) -> Sender:
        return _Server(address)


class _Server(Sender):
    """Samples leave on the thread that sends them; a thread of its own greets clients and hears when they go."""

    quick = True

    def __init__(self, address: Address) -> None:
        family, to = resolved(address, socket.SOCK_STREAM)
        self._listening = socket.create_server(to[:2], family=family)
        self._listening.setblocking(False)
        self._clients: tuple[_Client, ...] = ()  # replaced as a whole, by the thread
        self._marks: list[tuple[str, float]] = []  # since the last sample, on whose thread they come
        self._closed = False
        self._alarm, self._alarmed = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="WebSocket server", daemon=True)
        self._thread.start()

    @property
    def receivers(self) -> int:
        return sum(client.greeted for client in self._clients)

    def send(self, sample: Sample) -> None:
        marks, self._marks = self._marks, []
        if any(client.greeted for client in self._clients):
            self._say(message(sample, marks))

    def _say(self, text: str) -> None:
        data = text.encode()
        for client in self._clients:
            if client.greeted:
                client.send(data)

    def mark(self, label: str, time: float) -> None:
        """It goes with the next sample: programs of before know no message without a face's data."""
        self._marks.append((label, time))

    def close(self) -> None:
        if self._marks:  # no sample follows
            self._say(_marked(_NOBODY % time.monotonic(), self._marks))
        self._closed = True
        with self._alarm, suppress(OSError):  # as its thread has ended by itself
            self._alarm.send(b"!")
            self._thread.join()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector, self._listening, self._alarmed:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._alarmed, selectors.EVENT_READ)
            while not self._closed:
                ready = {key.fileobj for key, _ in selector.select(_LOOK_EVERY)}
                if self._listening in ready:
                    self._welcome(selector)
                for client in self._clients:
                    client.look(client.wire.socket in ready)
                    if client.gone:
                        selector.unregister(client.wire.socket)
                        self._clients = tuple(c for c in self._clients if c is not client)
                        client.close()
            for client in self._clients:
                client.close()
            self._clients = ()

    def _welcome(self, selector: selectors.BaseSelector) -> None:
        from websockets.server import ServerProtocol

        with suppress(OSError):  # it has gone again, or there are too many
            connection, _ = self._listening.accept()
            if len(self._clients) == _MOST:
                connection.close()
                return
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            client = _Client(connection, ServerProtocol())
            selector.register(connection, selectors.EVENT_READ)
            self._clients = (*self._clients, client)


class _Client:
    def __init__(self, connection: socket.socket, protocol: ServerProtocol) -> None:
        self.wire, self._protocol = Wire(connection, protocol), protocol
        self.greeted = self.gone = self._asked = False
        self._lock = threading.Lock()
        self._waits_since: float | None = time.monotonic()

    def send(self, data: bytes) -> None:
        with self._lock, suppress(OSError):  # the thread hears that it has gone
            self._note(self.wire.say(data))

    def look(self, has_come: bool) -> None:
        """Take in what it says, and see whether it is still there."""
        try:
            with self._lock:
                for event in self.wire.hear() if has_come else ():
                    self._answer(event)
                if self.greeted:
                    self._note(self.wire.flush())
                late = self._waits_since is not None and time.monotonic() - self._waits_since > _PATIENCE
                self.gone = late or self.wire.over
        except OSError:
            self.gone = True
        except Exception:  # whatever one client says, the others stay
            log.exception("a WebSocket client cannot be understood")
            self.gone = True

    def close(self) -> None:
        from websockets.protocol import State

        with self._lock:
            self.greeted = False
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(_GOING_AWAY)
            self.wire.close()

    def _answer(self, event: Event) -> None:
        """What clients say later is not for us."""
        if not self._asked:
            self._asked = True
            request: Request = event  # type: ignore[assignment]
            response = self._protocol.accept(request)
            if not all(map(_is_local, request.headers.get_all("Origin"))):
                response = self._protocol.reject(
                    HTTPStatus.FORBIDDEN, "Only programs and pages of this computer may listen.\n"
                )
            self._protocol.send_response(response)
            self.greeted = response.status_code == HTTPStatus.SWITCHING_PROTOCOLS
            self.wire.flush()

    def _note(self, taken: bool) -> None:
        self._waits_since = None if taken else self._waits_since or time.monotonic()


def _is_local(origin: str) -> bool:
    """Whether it is no page of another site: any page that is open in a browser here could otherwise read the face."""
    try:
        return urlsplit(origin).hostname in _LOCAL
    except ValueError:  # it is no address
        return False


_NOBODY = '{"version":1,"time":%r,"seen":false}'
_SOMEBODY = (
    '{"version":1,"time":%r,"seen":true,"blendshapes":{'
    + ",".join(f'"{name}":%s' for name in ARKIT)
    + '},"rotation":[%.5f,%.5f,%.5f],"translation":[%.2f,%.2f,%.2f],"gaze":[[%.4f,%.4f],[%.4f,%.4f]]}'
)


def message(sample: Sample, marks: Sequence[tuple[str, float]] = ()) -> str:
    """JSON, with the labels and times of markers, if there are any; see docs/outputs.md."""
    if not sample.seen:
        text = _NOBODY % sample.time
    else:
        turned, place, (right, left) = sample.rotation.tolist(), sample.translation.tolist(), sample.looks
        text = _SOMEBODY % (sample.time, *sample.decimals, *turned, *place, *right, *left)
    return _marked(text, marks) if marks else text


def _marked(text: str, marks: Sequence[tuple[str, float]]) -> str:
    labels = json.dumps([{"label": label, "time": time} for label, time in marks], ensure_ascii=False)
    return f'{text.removesuffix("}")},"markers":{labels}}}'


OUTPUT = WebSocket()
