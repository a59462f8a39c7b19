"""The address of an output, to which it sends or at which it listens."""

from __future__ import annotations

import ipaddress
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
