"""All actions of the sessions window's buttons, menus and keys, in one table."""

from __future__ import annotations

from typing import Protocol

from expnet_live.app import texts
from expnet_live.app.sessions_window.side import ListSide
from expnet_live.app.widgets.actions import ActionSpec


class Window(Protocol):
    """What the actions work on."""

    @property
    def side(self) -> ListSide: ...

    def reveal(self) -> None: ...

    def toggle_export(self) -> None: ...

    def delete(self) -> None: ...

    def ask_folder(self) -> None: ...

    def refresh(self) -> None: ...

    def show_shortcuts(self) -> None: ...

    def close(self) -> bool: ...


_A = ActionSpec[Window]

TABLE = (
    _A("rename", texts.RENAME, texts.RENAME_TIP, ("F2",), "rename", lambda w: w.side.rename()),
    _A("reveal", texts.REVEAL, texts.REVEAL_TIP, (), "folder", lambda w: w.reveal()),
    _A("export", texts.EXPORT_MENU, texts.EXPORT_TIP, ("Ctrl+E",), "export", lambda w: w.toggle_export()),
    _A("delete", texts.DELETE, texts.DELETE_TIP, ("Del",), "delete", lambda w: w.delete()),
    _A("other", texts.OPEN_OTHER, texts.OPEN_OTHER_TIP, ("Ctrl+O",), "open", lambda w: w.ask_folder()),
    _A("relist", texts.RELIST, texts.RELIST_TIP, ("F5",), "refresh", lambda w: w.refresh()),
    _A("search", texts.SEARCH, texts.SEARCH_TIP, ("Ctrl+F",), "search", lambda w: w.side.search.setFocus()),
    _A("shortcuts", texts.SHORTCUTS, "", ("F1",), do=lambda w: w.show_shortcuts()),
    _A("close", texts.CLOSE_LIBRARY, texts.CLOSE_LIBRARY_TIP, ("Ctrl+W",), "close", lambda w: w.close()),
)

BUTTONS = ("rename", "reveal", "export", "delete")  # below the list
MENU = ("rename", "reveal", "export", "", "delete", "", "other", "relist", "", "shortcuts")  # empty: a separator
