"""The chosen head, and the drawable form of each head: both take a while to make, on threads of their own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from expnet_live.app.view3d.drawn import Drawable, drawable
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.errors import UserError
from expnet_live.core.machine import give_back_freed_memory
from expnet_live.heads.head import Head
from expnet_live.heads.transfer import Driver

log = logging.getLogger(__name__)

_KEPT = 4  # heads whose geometry is cached


class Gallery:
    """`failed` is called, on a thread of its own, with one sentence if a head cannot be loaded."""

    def __init__(self, failed: Callable[[str], None], library: Wardrobe | None = None) -> None:
        self.library = library or Wardrobe()
        self.head: Head | None = None  # the chosen head, None for our own
        self._failed = failed
        self._lock = threading.Lock()
        self._wanted = ""
        self._geometries: dict[Head, Drawable | None] = {}

    def wear(self, name: str, driver: Callable[[], Driver], worn: Callable[[Head | None], None]) -> None:
        """Call `worn` with the imported head of that name once it can be drawn, or with None for an empty name."""
        self._wanted = name
        if not name:
            self.head = None
            worn(None)
            return

        def load() -> None:
            give_back_freed_memory()
            head: Head = self.library.head(name, driver())
            self.add(head, drawable(head))
            if self._wanted == name:
                self.head = head
                worn(head)

        self._start(load, lambda: self._wanted == name)

    def add(self, head: Head, geometry: Drawable) -> None:
        with self._lock:
            self._geometries[head] = geometry
            for old in list(self._geometries)[:-_KEPT]:
                del self._geometries[old]

    def geometry(self, head: Head) -> Drawable | None:
        """The drawable form of a head; None until it is ready. The first call starts making it."""
        with self._lock:
            if head in self._geometries:
                return self._geometries[head]
            self._geometries[head] = None
        self._start(lambda: self.add(head, drawable(head)))
        return None

    def _start(self, make: Callable[[], None], wanted: Callable[[], bool] = lambda: True) -> None:
        """`wanted`: whether anybody still cares that it failed."""

        def main() -> None:
            try:
                make()
            except UserError as error:
                sentence = str(error)
                log.warning("%s", sentence)
            except Exception as error:
                log.exception("a head cannot be built")
                sentence = f"The head cannot be shown ({error}); choose another one."
            else:
                return
            if wanted():
                self._failed(sentence)

        threading.Thread(target=main, name="preparation of a head", daemon=True).start()
