"""Kinds of live outputs: their registry, their options, and the syntax of addresses.

Ours are in the package `expnet_live.outputs.streaming`, one module each; other packages add theirs through entry points
of the group `expnet_live.outputs`. Help texts and docs follow from their descriptions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from expnet_live.core.errors import UserError
from expnet_live.core.registry import Registry
from expnet_live.outputs.address import LOOPBACK, Address
from expnet_live.outputs.sample import Sample

BACKLOG = 32
"""How many samples may wait for a thread. When it runs again, it sends them at once, in order: after a stall of half a
second at 60 a second none is lost, and the newest leaves some 30 ms later than it could alone."""


class Sender(ABC):
    """Sends samples to a receiver. Everything runs on one thread at a time, except `receivers` and `problem`."""

    quick: bool = False
    """Whether `send` never waits and takes less than a millisecond: it then shares a thread with others, unless another
    package adds it."""

    @abstractmethod
    def send(self, sample: Sample) -> None:
        """Send a sample. Raises OSError if this fails now, and UserError if it can never succeed."""

    def mark(self, label: str, time: float) -> None:
        """Send the label of a moment (time.monotonic(), s); most protocols have none. Raises as `send` does."""
        return None

    @abstractmethod
    def close(self) -> None: ...

    @property
    def receivers(self) -> int | None:
        """Number of receivers, or None if it is unknown."""
        return None

    @property
    def problem(self) -> str | None:
        """A sentence on what prevents a receiver from taking samples, or None if nothing is known."""
        return None


@dataclass(frozen=True)
class Option:
    """A setting of an output, written after its address as in `vmc://127.0.0.1:39539?names=camel`.

    `values` are the allowed values, the default first; for a free text (`free`), only the default.
    """

    about: str
    values: tuple[str, ...]
    free: bool = False


class OutputKind(ABC):
    """A protocol. Importing its module must be cheap, because `--help` does it: import heavy packages in `open`."""

    name: str
    """Its name before ://."""
    about: str
    """One line for help texts and menus."""
    port: int
    """The usual port of its receivers."""
    host: str = LOOPBACK
    """Their usual host."""
    marks: bool = False
    """Whether it sends the markers that the user sets."""
    options: Mapping[str, Option] = {}

    @abstractmethod
    def open(self, address: Address) -> Sender:
        """Open a sender. Raises OSError if the address cannot be used, and UserError if something is missing."""

    @property
    def address(self) -> Address:
        """The default address."""
        return Address(self.host, self.port)

    def option(self, address: Address, name: str) -> str:
        return address.options.get(name, self.options[name].values[0])

    def leaves(self, address: Address) -> bool:
        """Whether data sent there leaves this machine."""
        return address.leaves

    def fetchable(self, address: Address) -> bool:
        """Whether other computers can fetch the data, although nothing is sent to them."""
        return False

    def place(self, address: Address) -> str:
        """The address as a text for the user."""
        return str(address)

    def title(self, address: Address) -> str:
        """Name and address as a text for the user."""
        return f"{self.name}://{self.place(address)}"


def _check(kind: OutputKind) -> None:
    if not isinstance(kind, OutputKind):
        raise TypeError("it is no OutputKind")
    _ask_all(kind, kind.address)
    if not all(isinstance(option, Option) and option.values for option in kind.options.values()):
        raise TypeError("its options must map names to Option, each with its default value")


def _ask_all(kind: OutputKind, address: Address) -> None:
    """Everything that is asked of an address before and while it is sent to, which may fail in another package."""
    _ = kind.title(address), kind.place(address), kind.leaves(address), kind.fetchable(address)


OUTPUTS: Registry[OutputKind] = Registry(
    "output", "OUTPUT", ["expnet_live.outputs.streaming"], "expnet_live.outputs", _check
)


def parse_target(text: str) -> tuple[OutputKind, Address]:
    """Parse `vmc`, `vmc://[::1]`, `vmc://127.0.0.1:39539` or `vmc?names=camel`. Raises UserError."""
    bare, _, options = text.partition("?")
    name, _, where = bare.partition("://")
    kind = OUTPUTS.named(name)
    try:
        parts = urlsplit(f"//{where}")
        host, port = parts.hostname, parts.port
        if port == 0 or parts.path or where.endswith(":"):
            raise ValueError
    except ValueError as error:
        if where.count(":") > 1 and "[" not in where:
            raise UserError(f"Write the address of {text} in brackets: {name}://[::1]:{kind.port}") from error
        raise UserError(f"{text} has no port from 1 to 65535; write for example {name}://{kind.address}.") from error
    address = Address(host or kind.host, port or kind.port, _options(kind, options))
    try:
        _ask_all(kind, address)
    except Exception as error:
        raise UserError(f"The output {name} cannot use the address {address} ({error}).") from error
    return kind, address


def _options(kind: OutputKind, text: str) -> dict[str, str]:
    options = dict(parse_qsl(text, keep_blank_values=True))
    for name, value in options.items():
        if name not in kind.options:
            known = f"it has {', '.join(kind.options)}" if kind.options else "it has none"
            raise UserError(f"{kind.name} has no option called {name}; {known}.")
        option = kind.options[name]
        if value not in option.values and not option.free:
            raise UserError(f"The option {name} of {kind.name} is one of {', '.join(option.values)}, not {value}.")
    return options
