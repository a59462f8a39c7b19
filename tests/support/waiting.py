"""Waits for other threads; a busy machine may take long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from expnet_live.live.engine import Engine
from expnet_live.live.state import LiveState

# How long a test waits before it fails: a machine with twenty programs at once takes 40 s to begin an analysis.
PATIENCE = 120.0  # s
LONG = int(1000 * PATIENCE)  # ms, as Qt counts


def until(
    condition: Callable[[], object],
    what: str = "what should come",
    each: Callable[[], object] = lambda: None,
    patience: float = PATIENCE,
) -> None:
    """Return once `condition` holds, doing `each` meanwhile; `what` describes it if it fails after `patience` s."""
    end, pause = time.monotonic() + patience, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        each()
        pause.wait(0.01)


def next_state(engine: Engine, fits: Callable[[LiveState], bool] = lambda s: True) -> LiveState:
    """The next state of the engine that fits."""
    found: list[LiveState] = []

    def look() -> bool:
        state = engine.latest()
        if state is not None and fits(state):
            found.append(state)
        return bool(found)

    until(look, "a state")
    return found[0]
