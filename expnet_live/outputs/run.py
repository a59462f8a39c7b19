"""Streaming of a source without a window."""

from __future__ import annotations

import time
from collections.abc import Sequence

from expnet_live.capture.spec import SourceSpec
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import Settings
from expnet_live.outputs.stream import Stream
from expnet_live.person.person import Person

_PATIENCE = 2.0  # s that a stream may take to end


def stream_to(
    streams: Sequence[Stream], spec: SourceSpec, settings: Settings, person: Person, *, duration: float | None = None
) -> None:
    """Sends what the network says of `spec` to all `streams`, for `duration` s, to the clip's end, or until Ctrl-C.

    Raises UserError when the source cannot be read or the network not be loaded.
    """
    with headless(settings, person) as engine:
        try:
            for stream in streams:
                stream.start()
                engine.inference.outputs.add(stream)
            end = None if duration is None else time.monotonic() + duration

            def over() -> bool:
                return end is not None and time.monotonic() >= end

            follow(engine, spec, loop=duration is not None, over=over, seen=lambda: True)
        finally:
            for stream in streams:
                stream.stop()
            for stream in streams:
                stream.join(_PATIENCE)
