"""A thread with a visible life cycle, whose end nobody has to wait for."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from enum import StrEnum

log = logging.getLogger(__name__)


class Life(StrEnum):
    STARTING = "starting"  # opening, loading, or trying again
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class Stopped(Exception):
    """Raised to leave `_work` of a worker that is stopping."""


class Worker(ABC):
    """Runs `_work` on a daemon thread until it returns or `stop` is called.

    Any thread may read `life` and `problem` (one sentence, if it fails). An exception that
    leaves `_work` is logged and sets FAILED.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: str | None = None
        self._life = Life.STARTING
        self._stop = threading.Event()
        # A daemon, so that a driver that never responds cannot keep the program from ending.
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    @property
    def life(self) -> Life:
        return self._life

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, and return at once."""
        self._stop.set()
        if self._life in (Life.STARTING, Life.RUNNING):
            self._life = Life.STOPPING

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; False means that the thread hangs and is left behind."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout))
        if self._thread.is_alive():
            log.info("%s does not respond; its thread is left behind", self.name)
            return False
        return True

    @abstractmethod
    def _work(self) -> None: ...

    def _proceed(self) -> None:
        """Raise Stopped if the worker is stopping; for steps of tasks that cannot be stopped otherwise."""
        if self.stopping:
            raise Stopped

    def _running(self) -> None:
        if not self.stopping:
            self._life, self.problem = Life.RUNNING, None

    def _starting(self) -> None:
        if not self.stopping:
            self._life = Life.STARTING

    def _failed(self, problem: str) -> None:
        if not self.stopping:
            if problem != self.problem:
                log.info("%s: %s", self.name, problem)
            self._life, self.problem = Life.FAILED, problem

    def _main(self) -> None:
        try:
            self._work()
        except Stopped:
            pass
        except BaseException as error:  # also sys.exit in other people's code
            log.exception("%s broke", self.name)
            self._failed(f"An unexpected error stopped the {self.name} ({error}); see the log for details.")
        finally:
            if self._life is not Life.FAILED:
                self._life = Life.STOPPED
