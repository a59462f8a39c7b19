"""Live outputs, which receive each processed frame: the recorder, streams to other programs, other people's code."""

from __future__ import annotations

import logging
import threading
from typing import Protocol, runtime_checkable

from expnet_live.live.state import LiveState

log = logging.getLogger(__name__)


class LiveOutput(Protocol):
    """Takes each processed frame on the inference thread, and must never block it: slow work needs its own thread.

    If it raises, it is removed; the others continue.
    """

    @property
    def name(self) -> str:
        """A name to show."""
        ...

    def put(self, state: LiveState) -> None:
        """Take a frame and its faces, corrected for the person, in order of capture."""
        ...

    def lost(self, face: int, time: float) -> None:
        """Called when the face of that number was in the previous frame, but not in that of `time` (time.monotonic(),
        s).
        """
        ...


@runtime_checkable
class MarkedOutput(Protocol):
    """A LiveOutput that also takes the moments that the user marks."""

    def marked(self, label: str, time: float) -> None:
        """Take the label of `time` (time.monotonic(), s), on any thread; must not block."""
        ...


class FanOut:
    """Hands each state to all outputs. Any thread may add and remove outputs."""

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
        """Remove an output, if it is a member."""
        with self._lock:
            self._outputs = tuple(o for o in self._outputs if o is not output)

    def take_problems(self) -> list[str]:
        """A sentence for each output that has failed since the last call."""
        with self._lock:
            problems, self._problems = self._problems, []
        return problems

    def mark(self, label: str, time: float) -> None:
        """Hand on a marker to the outputs that take them."""
        for output in self._outputs:
            if isinstance(output, MarkedOutput):
                try:
                    output.marked(label, time)
                except Exception as error:
                    self._switch_off(output, error)

    def put(self, state: LiveState) -> None:
        """Hand on a state; runs on the inference thread."""
        seen = frozenset(f.state.face for f in state.faces)
        gone, self._faces = sorted(self._faces - seen), seen
        for output in self._outputs:
            try:
                output.put(state)
                for face in gone:
                    output.lost(face, state.captured.grabbed)
            except Exception as error:
                self._switch_off(output, error)

    def _switch_off(self, output: LiveOutput, error: Exception) -> None:
        """A failing output must stop neither the others nor the thread that uses it."""
        log.exception("the output %s failed", output.name, exc_info=error)
        self.remove(output)
        with self._lock:
            self._problems.append(f"The output {output.name} failed ({error}) and was switched off.")
