"""Clients of the WebSocket that talk nonsense, or all the time: the others go on."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sending import PATIENCE, Opened, free_port, turned
from waiting import until
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from expnet_live.outputs.stream import Stream

GREETING = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


@contextmanager
def spoken(port: int, words: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(words)
        yield client


@pytest.fixture
def server(opened: Opened) -> tuple[Stream, int]:
    port = free_port(socket.SOCK_STREAM)
    stream = opened("ws", port)
    until(lambda: stream.ready)
    return stream, port


def still_heard(stream: Stream, port: int) -> bool:
    with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as client:
        until(lambda: stream.receivers == 1)
        stream.put(turned(7.0))
        return bool(json.loads(client.recv(PATIENCE))["time"] == 7.0)


@pytest.mark.parametrize(
    "origins", [["http://[::1"], ["http://localhost", "https://example.com"], [""], ["file://"], ["http://\xe9"]]
)
def test_what_is_no_page_of_this_computer_is_refused(server: tuple[Stream, int], origins: list[str]) -> None:
    stream, port = server
    lines = "".join(f"Origin: {origin}\r\n" for origin in origins)
    with spoken(port, GREETING + lines.encode("latin-1") + b"\r\n") as client:
        assert client.recv(99).startswith(b"HTTP/1.1 403")
    assert still_heard(stream, port)


def test_there_is_an_end_to_clients(server: tuple[Stream, int]) -> None:
    stream, port = server
    with ExitStack() as all_:
        clients = [all_.enter_context(spoken(port, GREETING + b"\r\n")) for _ in range(100)]
        until(lambda: stream.receivers == 100)
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as one_more:
            assert one_more.recv(99) == b""
        clients[0].close()
        until(lambda: stream.receivers == 99)
        with spoken(port, GREETING + b"\r\n") as another:
            assert b"101" in another.recv(99)


def test_one_that_never_stops_talking_holds_up_nobody(server: tuple[Stream, int]) -> None:
    stream, port = server
    words = Frame(Opcode.TEXT, b"").serialize(mask=True) * 1000
    over = threading.Event()
    with spoken(port, GREETING + b"\r\n") as talker:
        assert b"101" in talker.recv(4096)
        talker.settimeout(0.1)

        def talk() -> None:
            while not over.is_set():
                try:
                    talker.sendall(words)
                except TimeoutError:
                    continue

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            with connect(f"ws://127.0.0.1:{port}", open_timeout=PATIENCE) as client:
                until(lambda: stream.receivers == 2)
                for time in range(1, 31):
                    stream.put(turned(float(time)))
                    assert json.loads(client.recv(PATIENCE))["time"] == time
        finally:
            over.set()
            talking.join()
