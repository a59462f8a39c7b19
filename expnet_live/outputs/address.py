"""The address of an output, to which it sends or at which it listens."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """A host and a port, and the options of the output by their names; `host` may be an IPv6 address without brackets.

    >>> str(Address("::1", 8765))
    '[::1]:8765'
    """

    host: str
    port: int
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def leaves(self) -> bool:
        """Whether data sent there leaves this machine."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def resolved(address: Address, kind: socket.SocketKind) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The family and the socket's address of a number or a name: that of version 4 where a name has both, because many
    receivers and browsers know no other. Raises OSError.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=kind)
    except UnicodeError as error:  # such as one with two dots
        raise socket.gaierror(socket.EAI_NONAME, "this is no name of a computer") from error
    family, _, _, _, to = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, to  # type: ignore[return-value]
