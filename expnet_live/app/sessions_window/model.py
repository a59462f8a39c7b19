"""The Qt model of the list of sessions, and its search filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDate,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QPixmap

from expnet_live.app import texts
from expnet_live.app.widgets.pieces import as_shown
from expnet_live.pipeline.models import MODELS
from expnet_live.sessions.catalog.catalog import Entry, Status

Index = QModelIndex | QPersistentModelIndex
ENTRY, PICTURE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_FULL_NAME = 32  # most characters of a source that is shown as a title


def display_title(entry: Entry) -> str:
    """The user's title, or the name of the source."""
    if entry.title:
        return entry.title
    name = texts.SOURCE_NAMES.get(entry.source, entry.source)
    return Path(name).name[-_FULL_NAME:] or texts.UNTITLED


def display_moment(entry: Entry, today: date | None = None) -> str:
    """When it was recorded, in the local time of the recording."""
    moment, today = entry.started, today or date.today()
    time, day = f"{moment:%H:%M}", moment.date()
    if day == today:
        return texts.TODAY.format(time=time)
    if day == today - timedelta(days=1):
        return texts.YESTERDAY.format(time=time)
    return texts.MOMENT_DAY.format(
        day=QLocale().toString(QDate(day.year, day.month, day.day), texts.MOMENT_FORMAT), time=time
    )


def display_model(entry: Entry) -> str:
    return next((m.title for m in MODELS.values() if m.file == entry.model), Path(entry.model).stem)


def chip(entry: Entry) -> str:
    """The chip of a session, a key of texts.CHIPS, or empty."""
    if entry.status is Status.COMPLETE:
        return "" if entry.video else "no video"
    return str(entry.status)


class SessionModel(QAbstractListModel):
    """Entries in the given order. Editing a title emits `renamed` and shows it at once."""

    renamed = Signal(object, str)  # folder, title

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._pictures: dict[Path, tuple[object, QPixmap]] = {}

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Update only what has changed, so that selection and scroll bar stay."""
        wanted = {e.folder for e in entries}
        for row in reversed(range(len(self._entries))):
            if self._entries[row].folder not in wanted:
                self._remove(row)
        for row, entry in enumerate(entries):
            if row >= len(self._entries) or self._entries[row].folder != entry.folder:
                old = next((i for i, e in enumerate(self._entries) if e.folder == entry.folder), None)
                if old is not None:  # its time changed, by hand or by a repair
                    self._remove(old)
                self.beginInsertRows(QModelIndex(), row, row)
                self._entries.insert(row, entry)
                self.endInsertRows()
            elif self._entries[row] != entry or self._entries[row].thumbnail is not entry.thumbnail:
                self._set(row, entry)

    def _remove(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        self._pictures.pop(self._entries.pop(row).folder, None)
        self.endRemoveRows()

    def _set(self, row: int, entry: Entry) -> None:
        self._entries[row] = entry
        at = self.index(row)
        self.dataChanged.emit(at, at)

    def row_of(self, folder: Path | None) -> int | None:
        return next((i for i, e in enumerate(self._entries) if e.folder == folder), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return display_title(entry)
        if role == Qt.ItemDataRole.ToolTipRole:
            state = entry.problem or texts.CHIP_TIPS.get(chip(entry), "")
            return as_shown("\n".join(p for p in (display_title(entry), state, entry.notes, str(entry.folder)) if p))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((display_title(entry), display_moment(entry), texts.CHIPS.get(chip(entry), "")))
        return {ENTRY: entry, PICTURE: self._picture(entry)}.get(role) if role >= ENTRY else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry, title = self._entries[index.row()], " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or title == display_title(entry):
            return False
        self._set(index.row(), replace(entry, title=title))
        self.renamed.emit(entry.folder, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if not index.isValid():
            return flags
        entry = self._entries[index.row()]
        return flags | Qt.ItemFlag.ItemIsEditable if entry.usable else flags

    def _picture(self, entry: Entry) -> QPixmap | None:
        if entry.thumbnail is None:
            return None
        made = self._pictures.get(entry.folder)
        if made is None or made[0] is not entry.thumbnail:
            h, w = entry.thumbnail.shape[:2]
            image = QImage(entry.thumbnail.tobytes(), w, h, 3 * w, QImage.Format.Format_BGR888)
            made = self._pictures[entry.folder] = entry.thumbnail, QPixmap.fromImage(image.copy())
        return made[1]


class Search(QSortFilterProxyModel):
    """Accepts sessions with all words in title, source or notes."""

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self._model = model
        self._words: list[str] = []
        self.setSourceModel(model)

    def look_for(self, text: str) -> None:
        self._words = text.casefold().split()
        self.setFilterFixedString(text)  # filters every row again

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        entry = self._model.entries[row]
        text = f"{display_title(entry)} {entry.notes}".casefold()
        return all(word in text for word in self._words)
