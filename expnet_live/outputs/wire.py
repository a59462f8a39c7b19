"""A WebSocket that never waits: websockets' Sans-I/O protocol on a socket of its own, without threads."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websockets.protocol import Event, Protocol

_AT_A_TIME = 2**13


class Wire:
    """One connection; for one thread at a time. All methods raise OSError when it is broken."""

    def __init__(self, connection: socket.socket, protocol: Protocol) -> None:
        from websockets.protocol import State

        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.protocol = connection, protocol
        self.over = False
        """Whether the other end has closed it, or we have."""
        self._rest = b""  # for which the system's buffer had no room
        self._ends = False
        self._open = State.OPEN

    def hear(self) -> list[Event]:
        """What has come, or the beginning of it, so that an end that never stops talking cannot keep us here; pings and
        closings are answered."""
        with suppress(BlockingIOError):
            if data := self.socket.recv(_AT_A_TIME):
                self.protocol.receive_data(data)
            else:
                self.over = True
                self.protocol.receive_eof()
        events = self.protocol.events_received()
        self.flush()
        return events

    def say(self, message: bytes) -> bool:
        """Send a message, unless an earlier one has not left entirely; whether it was taken."""
        if not self.flush():
            return False
        self.queue(message)
        return True

    def queue(self, message: bytes) -> None:
        """Send a message, after those that wait."""
        if self.protocol.state is not self._open:
            raise ConnectionError("the other end closes the connection")
        self.protocol.send_text(message)
        self.flush()

    def flush(self) -> bool:
        """Write what waits; False if some of it has to wait for the receiver."""
        for data in self.protocol.data_to_send():
            self._rest += data
            self._ends |= not data  # as the protocol says that it is over
        with suppress(BlockingIOError):
            while self._rest:
                self._rest = self._rest[self.socket.send(self._rest) :]
            if self._ends and not self.over:
                self.over = True
                self.socket.shutdown(socket.SHUT_WR)
        return not self._rest

    def close(self) -> None:
        with suppress(OSError):
            self.flush()
        self.socket.close()
