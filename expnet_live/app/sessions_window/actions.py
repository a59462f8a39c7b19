"""What can be done in the window of sessions by button, menu and key: one table."""

from __future__ import annotations

from expnet_live.app import texts
from expnet_live.app.main_window.actions import ActionSpec

SPECS = (
    ActionSpec("rename", texts.RENAME, texts.RENAME_TIP, "F2", "rename"),
    ActionSpec("reveal", texts.REVEAL, texts.REVEAL_TIP, "", "folder"),
    ActionSpec("export", texts.EXPORT_MENU, texts.EXPORT_TIP, "Ctrl+E", "export"),
    ActionSpec("delete", texts.DELETE, texts.DELETE_TIP, "Del", "delete"),
    ActionSpec("other", texts.OPEN_OTHER, texts.OPEN_OTHER_TIP, "Ctrl+O", "open"),
    ActionSpec("relist", texts.RELIST, texts.RELIST_TIP, "F5", "refresh"),
    ActionSpec("search", texts.SEARCH, texts.SEARCH_TIP, "Ctrl+F", "search"),
    ActionSpec("close", texts.CLOSE_LIBRARY, texts.CLOSE_LIBRARY_TIP, "Ctrl+W", "close"),
)
