"""Sends frames of a clip to streams, and measures what that costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.types import Array
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import LiveState, Settings
from expnet_live.outputs.stream import Stream
from expnet_live.person.person import Person
from expnet_live.research.evaluation.outputs.numbers import MOST, moment, numbered
from expnet_live.research.evaluation.speed.usage import resident_mb, thread_seconds

_SAMPLE = 1.0  # s between looks at the memory
_PAUSE = 0.02  # s between frames while receivers are awaited


@dataclass
class Sent:
    """The frames that were sent: capture and answer (time.monotonic(), s) and how long handing them over took (s)."""

    captured: Array
    answered: Array
    put: Array
    cpu: float
    """CPU seconds of all threads of this process."""
    threads: dict[str, float]
    """The same by thread."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Times and MB."""

    @property
    def n(self) -> int:
        return len(self.captured)


class Numbering:
    """A LiveOutput that numbers the frames with faces, and hands them to streams."""

    name = "numbering"

    def __init__(self, streams: Sequence[Stream], first: int = 0) -> None:
        self._streams, self._first = streams, first
        self.captured: list[float] = []
        self.answered: list[float] = []
        self.took: list[float] = []

    def put(self, state: LiveState) -> None:
        if not state.faces:
            return
        state = numbered(state, self._first + len(self.captured))
        self.captured.append(state.captured.grabbed)
        self.answered.append(state.finished)
        begun = time.monotonic()
        for stream in self._streams:
            stream.put(state)
        self.took.append(time.monotonic() - begun)

    def lost(self, face: int, time: float) -> None: ...

    def sent(self, cpu: float, threads: dict[str, float], memory: list[tuple[float, float]]) -> Sent:
        captured, answered, took = (np.array(v) for v in (self.captured, self.answered, self.took))
        return Sent(captured, answered, took, cpu, threads, memory)


def clip_of(spec: SourceSpec, settings: Settings, frames: int) -> list[LiveState]:
    """The frames of a clip that have a face, as the live engine answers them, and the same number at most."""
    states: list[LiveState] = []

    class Keeping:
        name = "keeping"

        def put(self, state: LiveState) -> None:
            if state.faces:
                states.append(state)

        def lost(self, face: int, time: float) -> None: ...

    with headless(settings, Person()) as engine:
        engine.inference.outputs.add(Keeping())
        follow(engine, spec, loop=False, over=lambda: len(states) >= frames)
    return states


def replayed(clip: Sequence[LiveState], streams: Sequence[Stream], seconds: float, rate: float) -> Sent:
    """Send a clip over and over, `rate` frames a second."""
    numbering, memory = Numbering(streams), [(time.monotonic(), resident_mb())]
    threads, cpu, start = thread_seconds(), time.process_time(), time.monotonic()
    for i in range(round(seconds * rate)):
        due = start + i / rate
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        now = time.monotonic()
        numbering.put(moment(clip, i, now, rate))
        if now - memory[-1][0] >= _SAMPLE:
            memory.append((now, resident_mb()))
    return numbering.sent(time.process_time() - cpu, _spent(threads), memory)


def answered(spec: SourceSpec, settings: Settings, streams: Sequence[Stream], seconds: float) -> Sent:
    """Send what the network answers to a clip, over and over, at the clip's own rate."""
    numbering = Numbering(streams)
    with headless(settings, Person()) as engine:
        engine.inference.outputs.add(numbering)
        threads, cpu, begun = thread_seconds(), time.process_time(), time.monotonic()
        follow(engine, spec, loop=True, over=lambda: time.monotonic() > begun + seconds)
        return numbering.sent(time.process_time() - cpu, _spent(threads), [])


def warmed_up(clip: Sequence[LiveState], streams: Sequence[Stream], there: Callable[[], bool], patience: float) -> bool:
    """Send frames of other numbers until all receivers are there, or until `patience` seconds are over."""
    numbering, end = Numbering(streams, MOST // 2), time.monotonic() + patience
    while not there() and time.monotonic() < end:
        numbering.put(moment(clip, len(numbering.captured), time.monotonic(), 1 / _PAUSE))
        time.sleep(_PAUSE)
    return there()


def _spent(before: dict[str, float]) -> dict[str, float]:
    return {name: seconds - before.get(name, 0.0) for name, seconds in thread_seconds().items()}
