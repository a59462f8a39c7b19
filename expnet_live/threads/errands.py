"""A thread that runs tasks in order, and delivers results on the thread that collects them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from expnet_live.core.errors import UserError
from expnet_live.threads.worker import Worker

log = logging.getLogger(__name__)

Then = Callable[[Any], None]


@dataclass(frozen=True)
class _Errand:
    work: Callable[[], Any]
    then: Then
    failed: Callable[[str], None]


class Errands(Worker):
    """`ask` returns at once; `deliver` calls back on the calling thread, such as a window's.

    All tasks are done before the thread ends. Between tasks, the thread does its own work, given by
    `_own_work`, which is called whenever `_wake` is set, and every `every` seconds.
    """

    def __init__(self, name: str, every: float | None = None) -> None:
        super().__init__(name)
        self._every = every
        self._wake = threading.Event()
        self._errands: deque[_Errand] = deque()
        self._answers: deque[Callable[[], None]] = deque()

    def ask(
        self, work: Callable[[], Any], then: Then = lambda _: None, failed: Callable[[str], None] = lambda _: None
    ) -> None:
        """Queue `work`; `then` gets its result, or `failed` the sentence of its error."""
        self._errands.append(_Errand(work, then, failed))
        self._wake.set()

    def deliver(self) -> None:
        """Call back for all finished tasks."""
        while self._answers:
            self._answers.popleft()()

    def stop(self) -> None:
        super().stop()
        self._wake.set()

    def _own_work(self) -> Callable[[], None] | None:
        """The thread's own work between tasks, or None."""
        return None

    def _work(self) -> None:
        self._running()
        while True:
            self._wake.clear()  # clear it before checking: any later request sets it again
            if self._errands:
                self._do(self._errands.popleft())
            elif self.stopping:
                return
            elif not self._did_own_work():
                self._wake.wait(self._every)

    def _did_own_work(self) -> bool:
        """Do the next piece of it; False if there is none, or if it failed, which is tried again at the next wake."""
        try:
            if (own := self._own_work()) is None:
                return False
            own()
        except Exception:  # errands must still be done
            log.exception("the own work of the %s failed", self.name)
            return False
        return True

    def _do(self, errand: _Errand) -> None:
        try:
            result = errand.work()
        except UserError as error:
            sentence = str(error)
            log.warning("%s", sentence)
        except Exception as error:
            log.exception("an errand of the %s failed", self.name)
            sentence = f"An unexpected error occurred ({error}); see the log for details."
        else:
            self._answers.append(lambda: errand.then(result))
            return
        self._answers.append(lambda: errand.failed(sentence))
