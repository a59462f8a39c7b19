"""Streaming of a source without a window."""

from __future__ import annotations

import time
from collections.abc import Sequence

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live.engine import Engine
from expnet_live.live.state import Settings
from expnet_live.outputs.stream import Stream
from expnet_live.person.person import Person
from expnet_live.threads.worker import Life

_LOOK_EVERY = 0.02  # s
_PATIENCE = 2.0  # s that a stream may take to end


def stream_to(
    streams: Sequence[Stream], spec: SourceSpec, settings: Settings, person: Person, *, duration: float | None = None
) -> None:
    """Sends what the network says of `spec` to all `streams`, for `duration` s, to the clip's end, or until Ctrl-C.

    Raises UserError when the source cannot be read or the network not be loaded.
    """
    engine = Engine(settings)
    engine.inference.person = person
    engine.start()
    try:
        while engine.inference.life is Life.STARTING:
            time.sleep(_LOOK_EVERY)
        for stream in streams:
            stream.start()
            engine.inference.outputs.add(stream)
        engine.set_source(spec, loop=duration is not None)
        end = None if duration is None else time.monotonic() + duration
        while not _over(engine) and (end is None or time.monotonic() < end):
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        pass  # the usual end of a camera's stream
    finally:
        engine.close()
        for stream in streams:
            stream.stop()
        for stream in streams:
            stream.join(_PATIENCE)


def _over(engine: Engine) -> bool:
    if engine.inference.life is Life.FAILED:
        raise UserError(engine.inference.problem or "The network cannot be loaded; choose another model or device.")
    capture = engine.capture
    assert capture is not None
    if capture.life is Life.FAILED and not capture.spec.live:
        raise UserError(capture.problem or "The source cannot be read; choose another one.")
    return capture.transport.at_end and engine.frames - engine.frame_drops <= engine.states
