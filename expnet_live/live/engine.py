"""Connects the two threads: capture -> mailbox -> inference -> mailbox -> display."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import SourceError
from expnet_live.live.capture_worker import Captured, CaptureWorker, Opener
from expnet_live.live.inference_worker import InferenceWorker
from expnet_live.live.loading import Loader, load_pipeline
from expnet_live.live.state import LiveState, Settings
from expnet_live.person.person import Person
from expnet_live.threads.mailbox import Mailbox

log = logging.getLogger(__name__)

PATIENCE = 2.0  # s to wait when closing


class Engine:
    """All methods except `close` return at once, and are for one thread, the GUI's.

    `calibrated` is called on the inference thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        open_: Opener = open_spec,
        load: Loader = load_pipeline,
        calibrated: Callable[[Person | str], None] = lambda result: None,
    ) -> None:
        self._frames: Mailbox[Captured] = Mailbox()
        self._states: Mailbox[LiveState] = Mailbox()
        self._open = open_
        self._left: list[CaptureWorker] = []
        self._generation = 0
        self.capture: CaptureWorker | None = None
        self.inference = InferenceWorker(settings, self._frames, self._states, load=load, calibrated=calibrated)

    def start(self) -> None:
        self.inference.start()

    def try_source(self, spec: SourceSpec) -> None:
        """Read the first picture of a source. May take a while; for any thread. Raises SourceError if there is none."""
        with self._open(spec) as source:
            if next(iter(source), None) is None:
                raise SourceError(f"{spec.name} has no picture; choose another file.")

    def set_source(self, spec: SourceSpec, loop: bool = True) -> None:
        """Switch to another source; results of the old one are no longer shown."""
        if self.capture is not None:
            self.capture.stop()
            self._left.append(self.capture)
        self._left = [w for w in self._left if w.alive]
        self._generation += 1
        self._frames.clear()
        self._states.clear()
        self.capture = CaptureWorker(spec, self._frames, self._generation, self._open, loop)
        self.capture.start()

    def latest(self) -> LiveState | None:
        """The newest state that has not been taken yet, or None if there is none."""
        state = self._states.take()
        # A frame of the previous source may still be in progress.
        return state if state is not None and state.captured.generation == self._generation else None

    @property
    def frames(self) -> int:
        """Number of frames captured so far."""
        return self._frames.put_count

    @property
    def states(self) -> int:
        """Number of results of the network so far."""
        return self._states.put_count

    @property
    def frame_drops(self) -> int:
        """Number of frames dropped because the network was busy."""
        return self._frames.dropped

    @property
    def state_drops(self) -> int:
        """Number of results that nobody took in time."""
        return self._states.dropped

    def close(self, patience: float = PATIENCE) -> list[str]:
        """End all threads within `patience` seconds. Return the names of those that hang and are left behind."""
        workers = [*self._left, *([self.capture] if self.capture else []), self.inference]
        for worker in workers:
            worker.stop()
        self._frames.close()
        self._states.close()
        end = time.monotonic() + patience
        return [w.name for w in workers if not w.join(end - time.monotonic())]
