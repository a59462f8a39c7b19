"""What the window of sessions wants from the disk, on a thread of its own: the list, and what is done to sessions."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expnet_live.core.errors import UserError
from expnet_live.sessions.catalog.catalog import Entry, Library, Status
from expnet_live.sessions.catalog.recovery import recover
from expnet_live.threads.worker import Worker

log = logging.getLogger(__name__)

Then = Callable[[Any], None]


@dataclass(frozen=True)
class _Task:
    work: Callable[[], Any]
    then: Then
    failed: Then


class Librarian(Worker):
    """`refresh` and `ask` return at once; the GUI calls `deliver`, which calls back there.

    What was asked for is done before the thread ends.
    """

    def __init__(self, root: Path | None = None) -> None:
        super().__init__("librarian")
        self.entries: tuple[Entry, ...] = ()
        self.revision = 0  # of the entries; 0 until they were read
        self._library = Library(root)
        self._others: tuple[Path, ...] = ()
        self._wake = threading.Condition()
        self._tasks: deque[_Task] = deque()
        self._answers: deque[Callable[[], None]] = deque()
        self._stale = True
        self._hopeless: set[Path] = set()  # could not be recovered

    @property
    def root(self) -> Path:
        return self._library.root

    def refresh(self, others: tuple[Path, ...] | None = None) -> None:
        """Reads the list anew; `others` are folders that lie elsewhere, None leaves them as they were."""
        with self._wake:
            self._others = self._others if others is None else others
            self._stale = True
            self._wake.notify()

    def ask(self, work: Callable[[], Any], then: Then = lambda _: None, failed: Then = lambda _: None) -> None:
        """`then` is called with the result of `work`, or `failed` with the sentence of its UserError."""
        with self._wake:
            self._tasks.append(_Task(work, then, failed))
            self._wake.notify()

    def deliver(self) -> None:
        """On the GUI thread: calls back."""
        while self._answers:
            self._answers.popleft()()

    def stop(self) -> None:
        with self._wake:
            super().stop()
            self._wake.notify()

    def _work(self) -> None:
        self._running()
        while True:
            with self._wake:
                wanting = None
                if not self._tasks and not self._stale and not self.stopping:
                    wanting = next((e for e in self.entries if self._library.wants_thumbnail(e)), None)
                    if wanting is None:
                        self._wake.wait()
                task = self._tasks.popleft() if self._tasks else None
                listing = self._stale and not self.stopping
                if task is None and listing:
                    self._stale = False
            if task is not None:
                self._do(task)
            elif self.stopping:
                return
            elif listing:
                self._list()
            elif wanting is not None:
                made = self._library.thumbnail(wanting)
                self._publish([made if e.folder == made.folder else e for e in self.entries])

    def _do(self, task: _Task) -> None:
        try:
            result = task.work()
        except UserError as error:
            sentence = str(error)
            log.warning("%s", sentence)
            self._answers.append(lambda: task.failed(sentence))
        else:
            self._answers.append(lambda: task.then(result))

    def _list(self) -> None:
        try:
            entries = self._library.entries(self._others)
        except UserError as error:
            self.problem = str(error)
            self._publish([])
            return
        self.problem = None
        self._publish(entries)
        for entry in entries:
            if entry.status is Status.CUT_OFF and entry.folder not in self._hopeless and not self.stopping:
                try:
                    recover(entry.folder)
                    self._stale = True
                except UserError as error:
                    self._hopeless.add(entry.folder)
                    log.warning("%s", error)

    def _publish(self, entries: list[Entry]) -> None:
        self.entries = tuple(entries)
        self.revision += 1
