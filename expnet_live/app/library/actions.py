"""What can be done in the window of sessions by button, menu and key: one table."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from expnet_live.app import icons, texts
from expnet_live.app.theme import Theme

# Key, text, tip, shortcut, icon.
_SPECS = (
    ("rename", texts.RENAME, texts.RENAME_TIP, "F2", "rename"),
    ("reveal", texts.REVEAL, texts.REVEAL_TIP, "", "folder"),
    ("export", texts.EXPORT_MENU, texts.EXPORT_TIP, "Ctrl+E", "export"),
    ("delete", texts.DELETE, texts.DELETE_TIP, "Del", "delete"),
    ("other", texts.OPEN_OTHER, texts.OPEN_OTHER_TIP, "Ctrl+O", "open"),
    ("relist", texts.RELIST, texts.RELIST_TIP, "F5", "refresh"),
    ("search", texts.SEARCH, texts.SEARCH_TIP, "Ctrl+F", "search"),
    ("close", texts.CLOSE_LIBRARY, texts.CLOSE_LIBRARY_TIP, "Ctrl+W", "close"),
)


def make_actions(parent: QWidget, handlers: dict[str, Callable[[], object]]) -> dict[str, QAction]:
    """By key, each bound to a callable, with keys that work in all of `parent`."""
    actions = {}
    for key, text, tip, shortcut, _ in _SPECS:
        action = actions[key] = QAction(text, parent)
        action.setToolTip(f"{tip} ({shortcut})" if shortcut else tip)
        action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda _=False, act=handlers[key]: act())
        parent.addAction(action)
    return actions


def set_icons(actions: dict[str, QAction], theme: Theme) -> None:
    for key, *_, name in _SPECS:
        actions[key].setIcon(icons.icon(name, theme.text, disabled=theme.faint))
