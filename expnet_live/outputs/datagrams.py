"""Outputs over UDP, which never wait for a receiver."""

from __future__ import annotations

import errno
import socket
import time
from abc import abstractmethod

from expnet_live.core.errors import system_text
from expnet_live.outputs.address import Address, resolved
from expnet_live.outputs.output import Sender
from expnet_live.outputs.sample import Sample

_MEMORY = 1.0  # s without a refusal after which a receiver is assumed


class Datagrams(Sender):
    """Sends packets to one address. Subclasses define their content.

    The socket is connected, so that the system reports when nobody listens there: `receivers` is then 0.
    """

    quick = True

    def __init__(self, address: Address) -> None:
        family, to = resolved(address, socket.SOCK_DGRAM)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._refused = -_MEMORY
        try:
            self._socket.setblocking(False)
            self._socket.connect(to)
        except BaseException:
            self._socket.close()
            raise

    @abstractmethod
    def packets(self, sample: Sample) -> list[bytes]:
        """The datagrams of one sample, in order."""

    @property
    def receivers(self) -> int | None:
        return 0 if time.monotonic() - self._refused < _MEMORY else None

    def send(self, sample: Sample) -> None:
        for packet in self.packets(sample):
            self._one(packet)
        # On this computer, the response to the last packet has already arrived.
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code in (errno.ECONNREFUSED, errno.ECONNRESET):
            self._refused = time.monotonic()
        elif code:
            raise OSError(code, system_text(code))

    def _one(self, packet: bytes) -> None:
        for _ in range(2):
            try:
                self._socket.send(packet)
                return
            except ConnectionError:  # the response to an earlier packet; this one was not sent
                self._refused = time.monotonic()

    def close(self) -> None:
        self._socket.close()
