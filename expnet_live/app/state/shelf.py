"""The profiles, heads and models on disk, for the window's lists. A thread of its own reads them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from expnet_live.app.state import catalog
from expnet_live.app.state.catalog import Option
from expnet_live.heads.library import Library
from expnet_live.person.profiles import Profiles
from expnet_live.threads.errands import Errands

log = logging.getLogger(__name__)

_EVERY = 1.0  # s between readings of the disk


@dataclass(frozen=True)
class Stock:
    """The names of profiles and imported heads, and the models with the reason why one is not available."""

    profiles: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    models: tuple[Option, ...] = ()


class Shelf(Errands):
    """`stock` is replaced as a whole; it exists from the start, and is at most a second old."""

    def __init__(self, profiles: Profiles, heads: Library) -> None:
        super().__init__("shelf", _EVERY)
        self._profiles, self._heads = profiles, heads
        self.stock = self._read()
        self._looked = time.monotonic()

    def _read(self) -> Stock:
        return Stock(tuple(self._profiles.names()), tuple(self._heads.names()), tuple(catalog.models_there()))

    def _own_work(self) -> Callable[[], None] | None:
        return self._look if time.monotonic() - self._looked >= _EVERY else None

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            self.stock = self._read()
        except Exception:  # a folder may be unreadable for a moment: keep the lists
            log.exception("the lists of profiles, heads and models cannot be read")
