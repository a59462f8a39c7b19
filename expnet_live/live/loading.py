"""Loads the pipeline on threads of its own, so that a change of model does not stop the picture."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from weakref import WeakSet

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Frame
from expnet_live.live.state import Settings
from expnet_live.pipeline.models import model_of
from expnet_live.pipeline.pipeline import Pipeline

log = logging.getLogger(__name__)

Loader = Callable[[Settings], Pipeline]

_loading: WeakSet[threading.Thread] = WeakSet()
_PATIENCE = 20.0  # s, because a driver may never respond


@atexit.register
def _wait_for_loading() -> None:
    """Python must not finalise beneath native code that loads a model, which would abort the process."""
    end = time.monotonic() + _PATIENCE
    for thread in list(_loading):
        thread.join(max(0.0, end - time.monotonic()))


def network_threads(cores: int) -> int:
    """Number of CPU cores for the network: two are reserved for the window and the camera if there are more.

    A network's threads wait for work by spinning, which costs the others their cores.
    """
    return max(1, min(cores - 2, 4))


def load_pipeline(settings: Settings) -> Pipeline:
    """Load the pipeline. Raises UserError with one sentence."""
    from expnet_live.networks.runtime import available_cores

    threads = None if "OMP_NUM_THREADS" in os.environ else network_threads(available_cores())
    predictor, head = model_of(settings.model).load(settings.device, threads)
    head.normals(head.vertices(np.zeros(len(head.names))))
    pipeline = Pipeline(predictor, head, smoothing=settings.smoothing, max_faces=settings.max_faces)
    # The first run of a network and of the detector takes much longer than later ones: do it before a face is in view.
    pipeline.process(Frame(np.zeros((240, 320, 3), np.uint8), 0.0, 0))
    pipeline.reset()
    for _ in range(3):
        predictor.predict(np.zeros((1, predictor.crop_size, predictor.crop_size, 3), np.uint8))
    return pipeline


@dataclass(frozen=True)
class Loaded:
    """The result of loading, and its settings; without a pipeline, `problem` is the sentence that says why."""

    settings: Settings
    pipeline: Pipeline | None = None
    problem: str | None = None

    def has_network_of(self, settings: Settings) -> bool:
        """Whether the settings ask for the same network."""
        return (self.settings.model, self.settings.device) == (settings.model, settings.device)


class Loading:
    """Loads pipelines by `load`, each on a thread, and keeps the results until they are taken."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._done: deque[Loaded] = deque()  # not only the newest: an older one may be ready last

    def begin(self, settings: Settings, before: Loaded) -> None:
        """Make a pipeline for `settings`, from the one of `before` where the network stays the same."""

        def main() -> None:
            try:
                self._done.append(Loaded(settings, self._made(settings, before)))
            except UserError as error:
                self._done.append(Loaded(settings, problem=str(error)))
            except Exception as error:
                log.exception("the model cannot be loaded")
                self._done.append(
                    Loaded(settings, problem=f"The model cannot be loaded ({error}); choose another model or device.")
                )

        thread = threading.Thread(target=main, name="loading of the model", daemon=True)
        _loading.add(thread)
        thread.start()

    def take(self) -> Iterator[Loaded]:
        """The results since the last call, in the order in which they were ready."""
        while self._done:
            yield self._done.popleft()

    def _made(self, settings: Settings, before: Loaded) -> Pipeline:
        """A pipeline for `settings`; it is ready at once if the network stays the same."""
        current = before.pipeline
        if current is None or not before.has_network_of(settings):
            return self._load(settings)
        return Pipeline(
            current.predictor,
            current.face_model,
            detector=current.detector if (before.settings.max_faces > 1) == (settings.max_faces > 1) else None,
            smoothing=settings.smoothing,
            max_faces=settings.max_faces,
        )
