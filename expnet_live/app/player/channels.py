"""The list of all curves that can be drawn, with their values at the cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from expnet_live.app import texts
from expnet_live.app.theme import DARK, Theme

_Index = QModelIndex | QPersistentModelIndex
_COLOR, _VALUE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class Channels(QListWidget):
    """A click turns a curve on or off, and emits `chosen_changed`."""

    chosen_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFixedWidth(196)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setToolTip(texts.PLAYER_CHANNELS_TIP)
        self.setAccessibleName(texts.PLAYER_CHANNELS_TIP)
        self._drawn = _Row(self)
        self.setItemDelegate(self._drawn)
        self._theme = DARK
        self._names: tuple[str, ...] = ()
        self._chosen: list[str] = []
        self.itemClicked.connect(lambda item: self.toggle(self._names[self.row(item)]))

    def set_theme(self, theme: Theme) -> None:
        self._theme = self._drawn.theme = theme
        self.setStyleSheet(f"QListWidget {{ background: {theme.panel}; }}")
        self._show_colors()

    def set_names(self, names: Sequence[str], titles: Sequence[str], chosen: Sequence[str]) -> None:
        """Set the curves in this order, with their titles."""
        self.clear()
        self._names, self._chosen = tuple(names), list(chosen)
        for title in titles:
            self.addItem(QListWidgetItem(title))
        self._show_colors()

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    @property
    def colors(self) -> dict[str, str]:
        """The chosen names and their colours, in the order in which they were chosen."""
        palette = self._theme.curves
        return {name: palette[i % len(palette)] for i, name in enumerate(self._chosen)}

    def toggle(self, name: str) -> None:
        if name in self._chosen:
            self._chosen.remove(name)
        else:
            self._chosen.append(name)
        self._show_colors()
        self.chosen_changed.emit()

    def set_values(self, values: dict[str, float]) -> None:
        """Show the values at the cursor, in sd, or degrees for the pose; NaN for none."""
        for i, name in enumerate(self._names):
            value = values[name]
            text = "–" if not math.isfinite(value) else f"{value:+.0f}°" if name in texts.POSE else f"{value:+.2f}"
            self.item(i).setData(_VALUE, text)

    def value_text(self, name: str) -> str:
        return str(self.item(self._names.index(name)).data(_VALUE))

    def _show_colors(self) -> None:
        colors = self.colors
        for i, name in enumerate(self._names):
            self.item(i).setData(_COLOR, colors.get(name))


class _Row(QStyledItemDelegate):
    theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(150, 22)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t, area = self.theme, QRect(option.rect)
        color = index.data(_COLOR)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.hover))
            painter.drawRoundedRect(area, 5, 5)
        painter.setPen(QColor(color or t.faint))
        painter.setBrush(QColor(color) if color else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(area.left() + 12, area.center().y() + 1), 4, 4)
        painter.setPen(QColor(t.text if color else t.muted))
        inner = area.adjusted(24, 0, -8, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, index.data())
        painter.setPen(QColor(color or t.faint))
        value = index.data(_VALUE) or ""
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)
        painter.restore()
