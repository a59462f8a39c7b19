"""Streams that end with their test, and a socket that takes datagrams."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from sending import PATIENCE, Opened

from expnet_live.outputs.stream import OUTPUTS, Address, Stream


@pytest.fixture
def opened() -> Iterator[Opened]:
    streams: list[Stream] = []

    def open_(name: str, port: int, host: str = "127.0.0.1", **options: str) -> Stream:
        streams.append(Stream(OUTPUTS.named(name), Address(host, port, options)))
        streams[-1].start()
        return streams[-1]

    yield open_
    for stream in streams:
        stream.stop()
        assert stream.join(PATIENCE)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(PATIENCE)
        yield udp
