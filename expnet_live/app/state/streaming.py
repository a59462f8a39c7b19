"""The live outputs that are on in the window. All are off at first, unless the user asked to remember them."""

from __future__ import annotations

from collections.abc import Iterable

from expnet_live.core.errors import UserError
from expnet_live.live.outputs import FanOut
from expnet_live.live.state import LiveState
from expnet_live.outputs.shape import Shape
from expnet_live.outputs.stream import OUTPUTS, Address, OutputKind, Stream, parse_target

_PATIENCE = 1.0  # s to wait for a stream to end


class Streaming:
    """Switches outputs, each to its usual port on this computer or to an address that somebody wrote."""

    def __init__(self, outputs: FanOut) -> None:
        self._outputs = outputs
        self._streams: dict[str, Stream] = {}
        self._ending: dict[str, Stream] = {}  # the last ones, which may still have their ports
        self._shape: Shape | None = None
        self._frozen = False
        self.failures: dict[str, str] = {}
        """By name, a sentence on why an output was switched off; until it is switched again."""
        self.held = False  # whether a session plays into the outputs, instead of the live face

    def hold(self, on: bool) -> None:
        """Keep the live face from all outputs, because a session plays into them, or no longer."""
        if on == self.held:
            return
        self.held = on
        for stream in self._streams.values():
            (self._outputs.remove if on else self._outputs.add)(stream)

    @property
    def frozen(self) -> bool:
        """Whether other programs keep the face that they have."""
        return self._frozen

    def freeze(self, on: bool) -> None:
        """Let all outputs, also those that are switched on later, send the same face again and again, or no longer."""
        self._frozen = on
        for stream in self._streams.values():
            stream.frozen = on

    def put(self, state: LiveState) -> None:
        """Send a moment of a session that plays into the outputs."""
        for stream in self._streams.values() if self.held else ():
            stream.put(state)

    def mark(self, label: str, time: float) -> None:
        """Send a marker of that session, of that time (time.monotonic(), s)."""
        for stream in self._streams.values() if self.held else ():
            stream.marked(label, time)

    def bend(self, shape: Shape | None) -> None:
        """Reshape the blendshapes of all outputs, also of those that are switched on later."""
        self._shape = shape
        for stream in self._streams.values():
            stream.shape = shape

    @property
    def names(self) -> list[str]:
        """The names of the outputs that are on."""
        return list(self._streams)

    @property
    def takes_markers(self) -> bool:
        """Whether an output that is on sends markers."""
        return any(stream.kind.marks for stream in self._streams.values())

    @property
    def leaving(self) -> list[str]:
        """The names and addresses of the outputs whose data leave this computer."""
        return [stream.name for stream in self._streams.values() if stream.leaves]

    @property
    def fetchable(self) -> list[str]:
        """The names of the outputs whose data other computers can fetch, although nothing is sent to them."""
        return [stream.name for stream in self._streams.values() if stream.fetchable]

    def send_to(self, target: str) -> None:
        """Sends to an address that somebody wrote, such as `vmc://192.0.2.7`; it takes the place of the output's other
        one. Raises UserError."""
        kind, address = parse_target(target.strip())
        self.switch(kind.name, False)
        self._start(kind, address)

    @property
    def complaints(self) -> dict[str, str]:
        """By name, a sentence on what prevents an output's samples from arriving."""
        return {name: said for name, stream in self._streams.items() if (said := stream.complaint) is not None}

    @property
    def targets(self) -> list[str]:
        """Those that are on, as `send_to` takes them."""
        return [stream.target for stream in self._streams.values()]

    def target(self, name: str) -> str:
        """That of an output that is on, as `send_to` takes it; else empty."""
        stream = self._streams.get(name)
        return "" if stream is None else stream.target

    def resume(self, targets: Iterable[str]) -> list[str]:
        """Switch on what was on at an earlier time. Return a sentence for each that no longer exists."""
        problems = []
        for target in targets:
            try:
                self.send_to(target)
            except UserError as error:
                problems.append(str(error))
        return problems

    def switch(self, name: str, on: bool) -> None:
        """Switch an output on or off. Raises UserError if it does not exist."""
        kind, stream = OUTPUTS.named(name), self._streams.pop(name, None)
        self.failures.pop(name, None)
        if stream is not None:
            self._outputs.remove(stream)
            stream.stop()
            self._ending[name] = stream
        if on:
            self._start(kind, kind.address)

    def _start(self, kind: OutputKind, address: Address) -> None:
        stream = Stream(kind, address, self._shape, self._ending.pop(kind.name, None))
        stream.frozen = self._frozen
        stream.start()
        if not self.held:
            self._outputs.add(stream)
        self._streams[kind.name] = stream

    def state(self, name: str) -> str:
        """Its state as a text for the user; empty if it is off."""
        stream = self._streams.get(name)
        return "" if stream is None else stream.describe()

    def take_problems(self) -> list[str]:
        """Switch off the streams that have failed permanently. Return a sentence for each."""
        failed = {name: stream for name, stream in self._streams.items() if stream.over}
        for name, stream in failed.items():
            self.switch(name, False)
            self.failures[name] = stream.problem or ""
        # A sentence that ends with an address has no full stop, so that the address can be copied.
        return [f"{(stream.problem or '').rstrip('.')}. The output is switched off." for stream in failed.values()]

    def close(self) -> list[str]:
        """Names of threads that hang and were left behind."""
        streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            self._outputs.remove(stream)
            stream.stop()
        return [stream.name for stream in streams if not stream.join(_PATIENCE)]
