"""An engine without a window, for commands: it loads the network first, and waits for the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live.engine import Engine
from expnet_live.live.state import Settings
from expnet_live.person.person import Person
from expnet_live.threads.worker import Life

_LOOK_EVERY = 0.02  # s


@contextmanager
def headless(settings: Settings, person: Person, *, auto_neutral: bool = True) -> Iterator[Engine]:
    """Give an engine with a loaded network, and close it at the end. Raises UserError if loading fails."""
    engine = Engine(settings)
    engine.inference.person, engine.inference.auto_neutral = person, auto_neutral
    engine.inference.shown = lambda faces: ()  # who needs a mesh makes it
    engine.start()
    try:
        while engine.inference.life is Life.STARTING:
            time.sleep(_LOOK_EVERY)
        _check(engine)
        yield engine
    finally:
        engine.close()


def follow(
    engine: Engine,
    spec: SourceSpec,
    *,
    loop: bool,
    over: Callable[[], bool],
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Run the engine on `spec` until `over`, the clip's end, or Ctrl-C, the usual end for a camera.

    Raises UserError if the network fails or the source cannot be read; a camera that has sent pictures may come back,
    and `say` gets a sentence when it has gone, and when it is back.
    """
    gone: str | None = None
    try:
        engine.set_source(spec, loop)
        while not _ended(engine, over):
            if engine.capture is not None and engine.capture.problem != gone:
                gone = engine.capture.problem
                say(gone or f"{spec.name} sends pictures again.")
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        pass


def _ended(engine: Engine, over: Callable[[], bool]) -> bool:
    _check(engine)
    if over():
        return True
    capture = engine.capture
    assert capture is not None
    if capture.life is Life.FAILED and not (capture.spec.live and capture.alive and engine.frames):
        raise UserError(capture.problem or "The source cannot be read; choose another one.")
    # The last frame may still be in progress.
    return capture.transport.at_end and engine.frames - engine.frame_drops <= engine.states


def _check(engine: Engine) -> None:
    if engine.inference.life is Life.FAILED:
        raise UserError(engine.inference.problem or "The network cannot be loaded; choose another model or device.")
