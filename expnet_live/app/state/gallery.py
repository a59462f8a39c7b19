"""Which head is worn, and what is drawn of each: both take a while to make, and have threads of their own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.core.errors import UserError
from expnet_live.heads.head import Head
from expnet_live.heads.library import Library
from expnet_live.heads.transfer import Driver

log = logging.getLogger(__name__)

_KEPT = 4  # heads of which the geometry is remembered


class Gallery:
    """`failed` is called, on a thread of its own, with one sentence when a head cannot be had."""

    def __init__(self, failed: Callable[[str], None], library: Library | None = None) -> None:
        self.library = library or Library()
        self.head: Head | None = None  # the one that is worn, None for the face model's own
        self._failed = failed
        self._lock = threading.Lock()
        self._wanted = ""
        self._geometries: dict[Head, HeadGeometry | None] = {}

    def wear(self, name: str, driver: Callable[[], Driver], worn: Callable[[Head | None], None]) -> None:
        """Calls `worn` with the imported head of that name once it can be drawn, with None for an empty name."""
        self._wanted = name
        if not name:
            self.head = None
            worn(None)
            return

        def load() -> None:
            head: Head = self.library.head(name, driver())
            self.add(head, HeadGeometry.of(head))
            if self._wanted == name:
                self.head = head
                worn(head)

        self._start(load)

    def add(self, head: Head, geometry: HeadGeometry) -> None:
        with self._lock:
            self._geometries[head] = geometry
            for old in list(self._geometries)[:-_KEPT]:
                del self._geometries[old]

    def geometry(self, head: Head) -> HeadGeometry | None:
        """What is drawn of a head; None while it is being made, which the first call begins."""
        with self._lock:
            if head in self._geometries:
                return self._geometries[head]
            self._geometries[head] = None
        self._start(lambda: self.add(head, HeadGeometry.of(head)))
        return None

    def _start(self, make: Callable[[], None]) -> None:
        def main() -> None:
            try:
                make()
            except UserError as error:
                self._failed(str(error))
            except Exception as error:
                log.exception("a head cannot be made")
                self._failed(f"The head cannot be shown ({error}); choose another one.")

        threading.Thread(target=main, name="preparation of a head", daemon=True).start()
