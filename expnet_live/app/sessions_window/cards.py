"""Draws the sessions in the list."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.sessions_window.model import ENTRY, PICTURE, chip, display_model, display_moment, display_title
from expnet_live.app.theme import DARK, Theme
from expnet_live.sessions.catalog.catalog import Entry

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 86
_PICTURE, _MARGIN, _GAP, _LINE = QSize(92, 69), 9, 12, 22


class CardDelegate(QStyledItemDelegate):
    """Thumbnail with the length, title, time and model, and a chip or the notes."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = DARK

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY)
        t, area = self._theme, option.rect.adjusted(2, 2, -2, -2)
        state = option.state
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.info if chosen else t.raised))
            painter.drawRoundedRect(area, 9, 9)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(t.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        self._paint_picture(painter, _picture_rect(area), entry, index.data(PICTURE))
        text = _text_rect(area)
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        _line(painter, text, 0, bold, t.text, display_title(entry))
        if entry.readable:
            second = "  ·  ".join(p for p in (display_moment(entry), display_model(entry)) if p)
        else:
            second = entry.problem.removeprefix(str(entry.folder)).lstrip("/\\ ")
        small = QFont(option.font)
        small.setPixelSize(12)
        _line(painter, text, 1, small, t.muted, second)
        used = self._paint_chip(painter, text, option.font, entry)
        if notes := entry.notes.strip():
            _line(painter, text.adjusted(used, 0, 0, 0), 2, small, t.muted, notes.splitlines()[0])
        painter.restore()

    def _paint_picture(self, painter: QPainter, area: QRect, entry: Entry, picture: QPixmap | None) -> None:
        t, shape = self._theme, QPainterPath()
        shape.addRoundedRect(QRectF(area), 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillPath(shape, QColor(t.line))
        if picture is not None:
            painter.save()
            painter.setClipPath(shape)
            painter.drawPixmap(area, picture)
            painter.restore()
        else:
            name, color = ("record", t.recording) if entry.locked else ("film", t.faint)
            painter.drawPixmap(area.center().x() - 13, area.center().y() - 13, icons.pixmap(name, color, 26))
        if entry.usable:
            font = QFont(painter.font())
            font.setPixelSize(11)
            painter.setFont(font)
            length = texts.clock(entry.duration)
            width = QFontMetrics(font).horizontalAdvance(length) + 10
            badge = QRect(area.right() - width - 3, area.bottom() - 19, width, 16)
            painter.setBrush(QColor(0, 0, 0, 165))
            painter.drawRoundedRect(badge, 5, 5)
            painter.setPen(QColor("#ffffff"))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, length)

    def _paint_chip(self, painter: QPainter, text: QRect, usual: QFont, entry: Entry) -> int:
        """Draw a chip and return its width."""
        key, t = chip(entry), self._theme
        if not key:
            return 0
        font = QFont(usual)
        font.setPixelSize(11)
        painter.setFont(font)
        back = {"unreadable": t.error, "recording": t.recording, "cut off": t.warning, "recovered": t.warning}
        label = texts.CHIPS[key]
        area = QRect(text.left(), text.top() + 2 * _LINE + 2, QFontMetrics(font).horizontalAdvance(label) + 14, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(back.get(key, t.hover)))
        painter.drawRoundedRect(area, 6, 6)
        painter.setPen(QColor("#ffffff" if key == "recording" else t.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, label)
        return area.width() + 8

    # --- editing ------------------------------------------------------------------------------

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setObjectName("Title")
        editor.setToolTip(texts.RENAME_TIP)
        editor.setMaxLength(200)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        if not editor.isModified():
            editor.setText(display_title(index.data(ENTRY)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        text = _text_rect(option.rect.adjusted(2, 2, -2, -2))
        editor.setGeometry(text.left() - 10, text.top() - 4, text.width() + 12, 30)


def _picture_rect(area: QRect) -> QRect:
    return QRect(area.left() + _MARGIN, area.top() + (area.height() - _PICTURE.height()) // 2, *_PICTURE.toTuple())


def _text_rect(area: QRect) -> QRect:
    left = area.left() + _MARGIN + _PICTURE.width() + _GAP
    return QRect(left, area.top() + _MARGIN, area.right() - left - _MARGIN, 3 * _LINE)


def _line(painter: QPainter, text: QRect, number: int, font: QFont, color: str, words: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(color))
    area = QRect(text.left(), text.top() + number * _LINE, max(0, text.width()), _LINE)
    elided = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
