"""Moves sessions to the system's trash, and back if the user takes it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from expnet_live.app import texts
from expnet_live.app.sessions_window.model import display_title
from expnet_live.app.widgets.banners import BannerStack
from expnet_live.sessions.catalog.catalog import Entry
from expnet_live.sessions.catalog.trash import Trashed, restore, trash


class Ask(Protocol):
    """Changes sessions on a thread, then calls `then`, or `failed` with a sentence."""

    def __call__(
        self, work: Callable[[], object], then: Callable[[object], None], failed: Callable[[str], None] | None = None, /
    ) -> None: ...


class Deleting:
    """`restored` gets the folder of the first session that is back."""

    def __init__(self, ask: Ask, banners: BannerStack, restored: Callable[[Path], None]) -> None:
        self._ask, self._banners, self._restored = ask, banners, restored

    def delete(self, entries: Sequence[Entry]) -> None:
        title = display_title(entries[0])
        folders = [e.folder for e in entries]
        done: list[Trashed] = []  # also if one of them cannot be moved

        def move() -> None:
            for folder in folders:
                done.append(trash(folder))

        def failed(sentence: str) -> None:
            if done:
                self._say(title, done)
            self._banners.show_banner("failed", "error", sentence)

        self._ask(move, lambda _: self._say(title, done), failed)

    def _say(self, title: str, trashed: Sequence[Trashed]) -> None:
        text = texts.TRASHED if len(trashed) == 1 else texts.TRASHED_SEVERAL
        text = text.format(title=title, n=len(trashed))
        if any(t.place is None for t in trashed):
            self._banners.show_banner("task", "info", text, stays=False)
            return
        self._banners.show_banner("task", "info", text, texts.UNDO, lambda: self._restore(title, trashed))

    def _restore(self, title: str, trashed: Sequence[Trashed]) -> None:
        def back(_: object) -> None:
            text = texts.RESTORED if len(trashed) == 1 else texts.RESTORED_SEVERAL
            self._banners.show_banner("task", "info", text.format(title=title, n=len(trashed)), stays=False)
            self._restored(trashed[0].folder)

        self._ask(lambda: restore(trashed), back)
