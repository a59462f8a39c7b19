"""The capture thread: reads one source, waits for a lost camera to come back, plays clips at their own pace."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from expnet_live.capture.sources import CameraSource, ImageSource, Source, SourceError, VideoSource, open_source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.types import Frame
from expnet_live.live.transport import Transport
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Worker

log = logging.getLogger(__name__)

RETRY = 1.0  # s between attempts to open a camera
_STILL_RATE = 10.0  # Hz at which a photo is shown again
_JUMP = 1.0  # s that pass on the stream's clock where a clip jumps: filters start afresh


@dataclass(frozen=True)
class Captured:
    """A frame with the moment of its grab (time.monotonic) and the number of its source.

    `frame.timestamp` never turns back, also where a clip starts again; `position` is the clip's time.
    """

    frame: Frame
    grabbed: float
    position: float
    generation: int


Opener = Callable[[SourceSpec], Source]


def open_spec(spec: SourceSpec) -> Source:
    """Raises SourceError with one sentence."""
    if spec.kind is SourceKind.CAMERA:
        return CameraSource(int(spec.value), spec.width, spec.height, spec.fps, spec.name)
    return open_source("demo" if spec.kind is SourceKind.DEMO else spec.value)


class CaptureWorker(Worker):
    """Puts the frames of `spec` into `out`.

    While a camera is away it is FAILED, says so in `problem`, and tries again every second.
    """

    def __init__(
        self, spec: SourceSpec, out: Mailbox[Captured], generation: int, open_: Opener = open_spec, loop: bool = True
    ) -> None:
        super().__init__(f"capture of {spec.name}")
        self.spec, self.generation = spec, generation
        self.transport = Transport(loop)
        self.size: tuple[int, int] | None = None
        self.nominal_fps: float | None = None
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
            try:
                with self._open(self.spec) as source:
                    self.nominal_fps = source.fps
                    if source.live:
                        self._follow(source)
                        continue
                    self._play(source)
                if not self.transport.wait_at_end():
                    return
            except SourceError as error:
                self._failed(str(error))
                if not self.spec.live:
                    # A file does not mend itself; what played until its damage is played again.
                    if self.size is None or not self.transport.wait_at_end():
                        return
                    continue
                self._stop.wait(RETRY)

    def _follow(self, source: Source) -> None:
        for frame in source:
            if self.stopping:
                return
            self._deliver(frame, frame.timestamp, frame.timestamp)
        if not self.stopping:
            raise SourceError(f"{self.spec.name} sends no pictures any more; connect it again.")

    def _play(self, source: Source) -> None:
        start = self.transport.take_target()
        if isinstance(source, VideoSource):
            self.transport.duration = source.duration
            source.seek(start)
        last: float | None = None
        for frame in source:
            step = _JUMP if last is None else frame.timestamp - last
            if not self.transport.wait_until_due(frame.timestamp, first=last is None):
                return
            last = frame.timestamp
            self.transport.position = last
            self._deliver(frame, self._clock + step, last)
            if isinstance(source, ImageSource) and not self._hold(frame, last, forever=source.n_frames == 1):
                return

    def _hold(self, frame: Frame, position: float, forever: bool) -> bool:
        """Shows a photo for a second or, if it is the only one, for good."""
        for _ in range(int(_STILL_RATE) - 1):
            if self._stop.wait(1 / _STILL_RATE) or self.transport.interrupted:
                return False
            self._deliver(frame, self._clock + 1 / _STILL_RATE, position)
        return not forever or self._hold(frame, position, forever)

    def _deliver(self, frame: Frame, timestamp: float, position: float) -> None:
        now = time.monotonic()
        self._clock = timestamp
        self._meter.tick(now)
        self.size = frame.image.shape[1], frame.image.shape[0]
        self._running()
        self._out.put(
            Captured(Frame(frame.image, timestamp, frame.index, frame.source), now, position, self.generation)
        )
