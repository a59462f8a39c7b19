"""A live output of its own: the opening of the jaw as a line of text over UDP, as for the servo of a puppet."""

from __future__ import annotations

from collections.abc import Mapping

from expnet_live.outputs.stream import Address, Datagrams, Option, OutputKind, Sample, Sender


class Jaw(OutputKind):
    name, port = "jaw", 9000
    about = "Jaw: a line of text over UDP, for puppets"  # before the colon its title, after it who takes it
    options: Mapping[str, Option] = {"most": Option("the number that a jaw wide open gives", ("180",), free=True)}

    def open(self, address: Address) -> Sender:
        return _Line(address, float(self.option(address, "most")))


class _Line(Datagrams):
    """Subclasses of Sender, which is more general, send by themselves; see expnet_live/outputs/output.py."""

    def __init__(self, address: Address, most: float) -> None:
        super().__init__(address)
        self._most = most

    def packets(self, sample: Sample) -> list[bytes]:
        if not sample.seen:
            return []
        return [b"jaw %d\n" % round(self._most * sample.named["jawOpen"])]


OUTPUT = Jaw()
