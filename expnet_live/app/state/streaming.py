"""The live outputs that are on in the window. All are off at first, and no choice is saved."""

from __future__ import annotations

from expnet_live.live.outputs import FanOut
from expnet_live.outputs.stream import OUTPUTS, Stream

_PATIENCE = 1.0  # s to wait for a stream to end


class Streaming:
    """Switches outputs, each to its usual port on this computer."""

    def __init__(self, outputs: FanOut) -> None:
        self._outputs = outputs
        self._streams: dict[str, Stream] = {}

    @property
    def names(self) -> list[str]:
        """The names of the outputs that are on."""
        return list(self._streams)

    def switch(self, name: str, on: bool) -> None:
        """Switch an output on or off. Raises UserError if it does not exist."""
        kind, stream = OUTPUTS.named(name), self._streams.pop(name, None)
        if stream is not None:
            self._outputs.remove(stream)
            stream.stop()
        if on:
            stream = Stream(kind, kind.address)
            stream.start()
            self._outputs.add(stream)
            self._streams[name] = stream

    def state(self, name: str) -> str:
        """Its state as a text for the user; empty if it is off."""
        stream = self._streams.get(name)
        return "" if stream is None else stream.describe()

    def take_problems(self) -> list[str]:
        """Switch off the streams that have failed permanently. Return a sentence for each."""
        failed = {name: stream for name, stream in self._streams.items() if stream.over}
        for name in failed:
            self.switch(name, False)
        return [f"{stream.problem} The output is switched off." for stream in failed.values()]

    def close(self) -> list[str]:
        """Names of threads that hang and were left behind."""
        streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            self._outputs.remove(stream)
            stream.stop()
        return [stream.name for stream in streams if not stream.join(_PATIENCE)]
