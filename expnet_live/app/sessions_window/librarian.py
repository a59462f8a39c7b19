"""Lists and changes sessions on disk for the sessions window, on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.sessions.catalog.catalog import Entry, Library, Status
from expnet_live.sessions.catalog.recovery import recover
from expnet_live.threads.errands import Errands

log = logging.getLogger(__name__)


class Librarian(Errands):
    """`refresh` and `ask` return at once; the GUI thread calls `deliver`, which calls back there."""

    def __init__(self, root: Path | None = None) -> None:
        super().__init__("librarian")
        self.entries: tuple[Entry, ...] = ()
        self.revision = 0  # version of the entries; 0 until they are read
        self.rooted = False  # whether the folder of sessions exists
        self._library = Library(root)
        self._others: tuple[Path, ...] = ()
        self._stale = True
        self._hopeless: set[Path] = set()  # could not be recovered

    @property
    def root(self) -> Path:
        return self._library.root

    def refresh(self, others: tuple[Path, ...] | None = None) -> None:
        """Reload the list; `others` are sessions in other folders, None keeps them as they are."""
        self._others = self._others if others is None else others
        self._stale = True
        self._wake.set()

    def _own_work(self) -> Callable[[], None] | None:
        if self._stale:
            self._stale = False
            return self._list
        wanting = next((e for e in self.entries if self._library.wants_thumbnail(e)), None)
        return None if wanting is None else lambda: self._picture(wanting)

    def _picture(self, entry: Entry) -> None:
        made = self._library.thumbnail(entry)
        self._publish([made if e.folder == made.folder else e for e in self.entries])

    def _list(self) -> None:
        self.rooted = self.root.is_dir()
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
