"""Streaming of a source without a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import Settings
from expnet_live.outputs.stream import Stream
from expnet_live.person.person import Person

_PATIENCE = 2.0  # s that a stream may take to end


def stream_to(
    streams: Sequence[Stream],
    spec: SourceSpec,
    settings: Settings,
    person: Person,
    *,
    duration: float | None = None,
    auto_neutral: bool = True,
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Sends what the network says of `spec` to all `streams`, for `duration` s, to the clip's end, or until Ctrl-C.

    `say` gets a sentence when a stream's samples stop arriving, and when they arrive again. Raises UserError when the
    source cannot be read, the network not be loaded, or no stream is left.
    """
    with headless(settings, person, auto_neutral=auto_neutral) as engine, running(streams):
        for stream in streams:
            engine.inference.outputs.add(stream)
        end = None if duration is None else time.monotonic() + duration
        watch = Watch(streams, say)

        def over() -> bool:
            watch.look()
            return end is not None and time.monotonic() >= end

        follow(engine, spec, loop=duration is not None, over=over, seen=lambda: True)


@contextmanager
def running(streams: Sequence[Stream]) -> Iterator[None]:
    """Streams that run, and end with the block."""
    try:
        for stream in streams:
            stream.start()
        yield
    finally:
        for stream in streams:
            stream.stop()
        for stream in streams:
            stream.join(_PATIENCE)


class Watch:
    """Tells how streams go, when that changes."""

    def __init__(self, streams: Sequence[Stream], say: Callable[[str], None]) -> None:
        self._said: dict[Stream, str | None] = dict.fromkeys(streams)
        self._say = say

    def look(self) -> None:
        """Raises UserError when all streams have failed for good."""
        for stream, said in self._said.items():
            complaint = stream.complaint
            if complaint != said:
                self._said[stream] = complaint
                self._say(complaint or f"{stream.name}: somebody listens now.")
        if all(stream.over for stream in self._said):
            raise UserError("No output is left to send to; see above.")
