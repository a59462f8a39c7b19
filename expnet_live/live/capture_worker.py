"""The capture thread: reads one source, waits for a lost camera to return, plays clips at their own rate."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from expnet_live.capture.source import Source
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Frame, fault_of
from expnet_live.live.transport import Transport
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Worker

log = logging.getLogger(__name__)

RETRY = 1.0  # s between attempts to open what is gone
_STILL_RATE = 10.0  # Hz at which a photo is repeated
_JUMP = 1.0  # s added to the stream's clock when a clip jumps, so that filters reset


@dataclass(frozen=True)
class Captured:
    """A frame with its capture time (time.monotonic) and the number of its source.

    `frame.timestamp` never goes back, not even when a clip starts again; `position` is the clip's time.
    """

    frame: Frame
    grabbed: float
    position: float
    generation: int


Opener = Callable[[SourceSpec], Source]


class CaptureWorker(Worker):
    """Puts the frames of `spec` into `out`.

    While a camera is missing, or a file that was there before, it is FAILED, says so in `problem`, and tries again
    every second.
    """

    def __init__(
        self, spec: SourceSpec, out: Mailbox[Captured], generation: int, open_: Opener = open_spec, loop: bool = True
    ) -> None:
        super().__init__(f"capture of {spec.name}")
        self.spec, self.generation = spec, generation
        self.transport = Transport(loop)
        self.size: tuple[int, int] | None = None
        self.nominal_fps: float | None = None
        self.photo = False  # a single picture, with nothing to play
        self._out, self._open = out, open_
        self._meter = RateMeter()
        self._clock = 0.0

    @property
    def fps(self) -> float:
        return self._meter.rate(time.monotonic())

    def stop(self) -> None:
        super().stop()
        self.transport.close()

    def _work(self) -> None:
        while not self.stopping:
            before = self._clock
            try:
                with self._open(self.spec) as source:
                    self.nominal_fps = source.fps
                    self.photo = source.still and source.n_frames == 1
                    if source.live:
                        self._follow(source)
                        continue
                    self._play(source)
                    while source.repeatable:
                        if not self.transport.wait_at_end():
                            return
                        self._play(source)
                if not self.transport.wait_at_end():
                    return
            except SourceError as error:
                self._failed(str(error))
                # A damaged file stays damaged; play it again up to the damage.
                if not self.spec.live and (self.size is None or not self.transport.wait_at_end()):
                    return
                if self.spec.live or self._clock == before:  # it is gone, and may come back
                    self._stop.wait(RETRY)

    def _follow(self, source: Source) -> None:
        for frame in self._frames(source):
            if self.stopping:
                return
            self._deliver(frame, frame.timestamp, frame.timestamp)
        if not self.stopping:
            raise SourceError(f"{self.spec.name} no longer sends pictures; connect it again.")

    def _frames(self, source: Source) -> Iterator[Frame]:
        """What it gives. Raises SourceError for what is no frame: kinds of sources may be of other packages."""
        for frame in source:
            if (fault := fault_of(frame)) is not None:
                raise SourceError(f"{self.spec.name} is no source of pictures: {fault}")
            yield frame

    def _play(self, source: Source) -> None:
        start = self.transport.take_target()
        self.transport.duration = source.duration
        source.seek(start)
        last: float | None = None
        for frame in self._frames(source):
            step = _JUMP if last is None else frame.timestamp - last
            if not self.transport.wait_until_due(frame.timestamp, first=last is None):
                return
            last = frame.timestamp
            self.transport.position = last
            self._deliver(frame, self._clock + step, last)
            if source.still and not self._hold(frame, last, alone=source.n_frames == 1):
                return
        if last is None and start == 0:
            raise SourceError(f"{self.spec.name} has no picture; choose another file.")

    def _hold(self, frame: Frame, position: float, alone: bool) -> bool:
        """Show a photo for a second or, if it is the only one and loops, forever."""
        while True:
            for _ in range(int(_STILL_RATE) - 1):
                if self._stop.wait(1 / _STILL_RATE) or self.transport.interrupted:
                    return False
                self._deliver(frame, self._clock + 1 / _STILL_RATE, position)
            if not alone or not self.transport.loop:
                return True

    def _deliver(self, frame: Frame, timestamp: float, position: float) -> None:
        now = time.monotonic()
        self._clock = timestamp
        self._meter.tick(now)
        self.size = frame.image.shape[1], frame.image.shape[0]
        self._running()
        self._out.put(
            Captured(Frame(frame.image, timestamp, frame.index, frame.source), now, position, self.generation)
        )
