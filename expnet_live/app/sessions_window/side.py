"""The left side: search, the list of sessions, the actions for the chosen one, and its notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from expnet_live.app import icons, texts
from expnet_live.app.sessions_window.cards import CardDelegate
from expnet_live.app.sessions_window.model import ENTRY, Search, SessionModel
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.pieces import PlainLabel, flat_button
from expnet_live.sessions.catalog.catalog import Entry

_PAUSE = 700  # ms without typing after which notes are saved
_SETTLE = 120  # ms for which a session must stay chosen before it opens


class Notes(QPlainTextEdit):
    """Emits `edited` (folder, text) when the user pauses, leaves, or shows another session."""

    edited = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(texts.NOTES)
        self.setToolTip(texts.NOTES_TIP)
        self.setAccessibleName(texts.NOTES_TIP)
        self.setTabChangesFocus(True)
        self.setFixedHeight(96)
        self._folder: Path | None = None
        self._saved = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self.save)
        self.textChanged.connect(self._pause.start)

    def show_entry(self, entry: Entry | None) -> None:
        """Show notes from the disk, but do not overwrite what the user is typing."""
        folder = entry.folder if entry is not None else None
        notes = entry.notes if entry is not None else ""
        if folder != self._folder:
            self.save()
        elif self.toPlainText().strip() != self._saved or notes == self._saved:
            self.setEnabled(entry is not None and entry.usable)
            return
        self._folder, self._saved = folder, notes
        self.blockSignals(True)
        self.setPlainText(notes)
        self.blockSignals(False)
        self._pause.stop()
        self.setEnabled(entry is not None and entry.usable)

    def save(self) -> None:
        self._pause.stop()
        text = self.toPlainText().strip()
        if self._folder is not None and text != self._saved:
            self._saved = text
            self.edited.emit(self._folder, text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.save()


class ListSide(QWidget):
    """`chosen` gives the entry to show, None for none, once the choice has settled; `current` is the present choice."""

    chosen = Signal(object)

    def __init__(self, buttons: Sequence[QAction], menu: Sequence[QAction | None], beside_search: QAction) -> None:
        super().__init__()
        self.model = SessionModel()
        self.found = Search(self.model)
        self.delegate = CardDelegate(self)
        self.search, self.view, self.notes = QLineEdit(), QListView(), Notes()
        self.empty, self.how = PlainLabel(), PlainLabel()
        self._told: Entry | None = None
        self._wanted: Path | None = None  # choose it when it is listed
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE)
        self._settle.timeout.connect(self._tell)
        self._arrange(buttons, beside_search)
        for action in menu:
            if action is None:
                action = QAction(self.view)
                action.setSeparator(True)
            self.view.addAction(action)
        self.search.textChanged.connect(self._look_for)
        self.view.selectionModel().currentChanged.connect(self._current_changed)

    # --- what the window calls ----------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self.delegate.set_theme(theme)
        self._glass.setIcon(icons.icon("search", theme.muted))
        self.view.viewport().update()

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Update the list. The choice stays; at first, the newest readable session is chosen."""
        first = not self.model.rowCount() and len(entries) > 0
        self.model.set_entries(entries)
        if self._wanted is not None:
            self.choose(self._wanted)
        elif first:
            row = next((i for i, e in enumerate(entries) if e.readable), 0)
            self.view.setCurrentIndex(self.found.mapFromSource(self.model.index(row)))
        self._show_empty()
        if first:
            self.view.setFocus()
        self.notes.show_entry(self.current)
        if self.current != self._told and not self._settle.isActive():
            self._settle.start()

    def choose(self, folder: Path) -> None:
        """Choose a session now, or as soon as it is listed."""
        row = self.model.row_of(folder)
        self._wanted = folder if row is None else None
        if row is None:
            return
        index = self.found.mapFromSource(self.model.index(row))
        if not index.isValid():
            self.search.clear()
            index = self.found.mapFromSource(self.model.index(row))
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def forget(self) -> None:
        """Forget the emitted choice, so that the next one is emitted even if it is the same."""
        self._settle.stop()
        self._told = None

    @property
    def current(self) -> Entry | None:
        index = self.view.currentIndex()
        entry: Entry | None = index.data(ENTRY) if index.isValid() else None
        return entry

    @property
    def chosen_entries(self) -> list[Entry]:
        """All that are chosen, in the order of the list; the current one if none is."""
        rows = sorted(self.view.selectionModel().selectedIndexes(), key=lambda index: index.row())
        entries: list[Entry] = [index.data(ENTRY) for index in rows]
        current = self.current
        return entries or ([] if current is None else [current])

    def rename(self) -> None:
        index = self.view.currentIndex()
        ready = self.view.isVisible() and self.view.state() != QAbstractItemView.State.EditingState
        if ready and index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.view.setFocus()
            self.view.edit(index)

    # --- changes ------------------------------------------------------------------------------

    def _current_changed(self, now: QModelIndex, before: QModelIndex) -> None:
        self.notes.show_entry(self.current)
        self._settle.start()

    def _tell(self) -> None:
        self._told = self.current
        self.chosen.emit(self._told)

    def _look_for(self, text: str) -> None:
        self.found.look_for(text)
        self._show_empty()
        if not self.view.currentIndex().isValid() and self.found.rowCount():
            self.view.setCurrentIndex(self.found.index(0, 0))

    def _show_empty(self) -> None:
        self._pages.setCurrentIndex(0 if self.found.rowCount() else 1)
        if self.model.rowCount():
            self.empty.setText("")
            self.how.setText(texts.NONE_FOUND)
        else:
            self.empty.setText(texts.NO_SESSIONS)
            self.how.setText(texts.NO_SESSIONS_HOW)
        self.empty.setVisible(bool(self.empty.text()))

    # --- layout -------------------------------------------------------------------------------

    def _arrange(self, buttons: Sequence[QAction], beside_search: QAction) -> None:
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(240)
        self.search.setObjectName("Search")
        self.search.setPlaceholderText(texts.SEARCH)
        self.search.setToolTip(texts.SEARCH_TIP)
        self.search.setAccessibleName(texts.SEARCH)
        self.search.setClearButtonEnabled(False)
        self._glass = self.search.addAction(icons.icon("search", "#888888"), QLineEdit.ActionPosition.LeadingPosition)
        self._glass.setToolTip(texts.SEARCH_TIP)
        view = self.view
        view.setModel(self.found)
        view.setItemDelegate(self.delegate)
        view.setToolTip(texts.SESSION_LIST_TIP)
        view.setAccessibleName(texts.SESSION_LIST_TIP)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setContentsMargins(24, 0, 24, 0)
        middle.addStretch(2)
        for label, name in ((self.empty, "Big"), (self.how, "Muted")):
            label.setObjectName(name)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            middle.addWidget(label)
        middle.addStretch(3)
        self.how.setText(texts.READING)
        listing = QWidget()
        self._pages = QStackedLayout(listing)
        self._pages.addWidget(view)
        self._pages.addWidget(nothing)
        self._pages.setCurrentIndex(1)
        top, row = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(flat_button(beside_search))
        row.setSpacing(4)
        for action in buttons:
            row.addWidget(flat_button(action))
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 10, 8, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(listing, 1)
        column.addLayout(row)
        column.addWidget(self.notes)
