"""Whoever takes what the network says while it says it: recorder, streams to other programs, somebody else's code."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from expnet_live.live.state import LiveState

log = logging.getLogger(__name__)


class LiveOutput(Protocol):
    """Takes each processed frame on the inference thread, and must never block it: what is slow has its own thread.

    It may raise, and is then left out from there on; others go on.
    """

    @property
    def name(self) -> str:
        """For people."""
        ...

    def put(self, state: LiveState) -> None:
        """A frame and its faces, with what is corrected for the person, in the order of their capture."""
        ...

    def lost(self, face: int, time: float) -> None:
        """The face of that number was in the frame before, and is not in that of `time` (time.monotonic(), s)."""
        ...


class FanOut:
    """Hands each state to all outputs. Outputs come and go from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outputs: tuple[LiveOutput, ...] = ()
        self._problems: list[str] = []
        self._faces: frozenset[int] = frozenset()

    @property
    def outputs(self) -> tuple[LiveOutput, ...]:
        return self._outputs

    def add(self, output: LiveOutput) -> None:
        with self._lock:
            self._outputs = (*self._outputs, output)

    def remove(self, output: LiveOutput) -> None:
        """Does nothing where it is not, or no longer, a member."""
        with self._lock:
            self._outputs = tuple(o for o in self._outputs if o is not output)

    def take_problems(self) -> list[str]:
        """A sentence for each output that failed since the last call."""
        with self._lock:
            problems, self._problems = self._problems, []
        return problems

    def put(self, state: LiveState) -> None:
        """On the inference thread."""
        seen = frozenset(f.state.face for f in state.faces)
        gone, self._faces = sorted(self._faces - seen), seen
        for output in self._outputs:
            try:
                output.put(state)
                for face in gone:
                    output.lost(face, state.captured.grabbed)
            except Exception as error:  # one that fails must not end the others, nor inference
                log.exception("the output %s failed", output.name)
                self.remove(output)
                with self._lock:
                    self._problems.append(f"The output {output.name} failed ({error}) and was switched off.")
