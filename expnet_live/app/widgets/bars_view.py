"""A gauge's values as named bars, with the recent range of each; a click adds a curve."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QStaticText,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QScrollArea, QSizePolicy, QToolTip, QWidget

from expnet_live.app import texts
from expnet_live.app.state.gauge import Gauge
from expnet_live.app.theme import DARK, INACTIVE, Theme
from expnet_live.core.types import Array
from expnet_live.person.person import MAX_GAIN

_ROW = 12  # minimum height of a row in px
_NUMBER = 40.0  # px of room for the value beside a bar
PRESS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEPS: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
_GAINS = (0.0, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0)


class BarsView(QWidget):
    """One row per value. A click, or Space where the arrows have led, calls `toggled(name)`; `gain_changed(name, gain)`
    reports another gain. None: gains are shown, but cannot be changed."""

    def __init__(
        self, toggled: Callable[[str], None], gain_changed: Callable[[str, float], None] | None = None
    ) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 260)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the head
        self.setToolTip(texts.BARS_TIP)  # each bar has its own tool tip
        self._toggled, self._gain_changed = toggled, gain_changed
        self._theme = DARK
        self._gauge = Gauge()
        self._values = self._low = self._high = np.zeros(0)
        self._colors: dict[str, str] = {}
        self._gains: dict[str, float] = {}
        self._presence = 1.0
        self._under = -1  # the row at the mouse, or at the keys
        self._at = 0  # the row that the keys have led to
        self._still: QPixmap | None = None
        self._marks = np.zeros((4, 0))  # see _marked
        self._numbers: dict[str, QStaticText] = {}
        self._row_font = QFont()  # that of the numbers
        self._measured: tuple[QSize, tuple[float, float, float, float]] | None = None  # see _measures
        self._row_colors: list[tuple[QColor, QColor, QColor]] = []  # of each bar, of its range, and of its words
        self._row_rects: list[QRect] = []  # the whole pixels of each, which share a line with a neighbour's at most

    def sizeHint(self) -> QSize:
        return QSize(270, 600)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._renew()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the rows, from the top."""
        return self._gauge.names

    def set_gauge(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._values = self._low = self._high = np.zeros(len(gauge.names))
        self.setMinimumHeight(max(260, _ROW * len(gauge.names)))
        self._renew()

    def set_values(self, values: Array, low: Array, high: Array) -> None:
        """Set values, each (n,), in the gauge's order; values of the previous model are ignored."""
        if not len(values) == len(low) == len(self._gauge.names):
            return
        self._values, self._low, self._high = values, low, high
        if self._still is None:
            self.update()
            return
        # Most rows look as before: a face at rest moves few of them by half a pixel.
        before, self._marks = self._marks, self._marked()
        for i in np.flatnonzero((self._marks != before).any(0)).tolist():
            self.update(self._row_rects[i])

    def value(self, name: str) -> float:
        """The value that a row shows."""
        return float(self._values[self._gauge.names.index(name)])

    def set_presence(self, share: float) -> None:
        """Look inactive at 0, where no face is seen; 1 is the usual look."""
        if share != self._presence:
            self._presence = share
            self.update()

    def set_curves(self, colors: dict[str, str]) -> None:
        if colors != self._colors:
            self._colors = colors
            self._renew()

    def set_gains(self, gains: dict[str, float]) -> None:
        if gains != self._gains:
            self._gains = dict(gains)
            self._renew()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._gauge.names:
            painter.fillRect(self.rect(), QColor(self._theme.panel))
            return
        if self._still is None or self._still.size() != self.size() * self.devicePixelRatioF():
            self._still, self._marks = self._draw_still(), self._marked()
            self._row_font = self._font(self._measures()[0])
            self._numbers.clear()
        painter.fillRect(event.rect(), QColor(self._theme.panel))
        painter.setOpacity(INACTIVE + (1 - INACTIVE) * self._presence)
        painter.drawPixmap(0, 0, self._still)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        row, left, length, thick = self._measures()
        least, most = self._gauge.limits
        zero = left + length * min(max(-least / (most - least), 0), 1)
        painter.setFont(self._row_font)
        dirty, right = event.region(), left + length + _NUMBER
        marks = self._marks.T.tolist()
        for i, (color, faint, words) in enumerate(self._row_colors):
            if not dirty.intersects(self._row_rects[i].adjusted(0, 1, 0, -1)):
                continue
            low, high, value, shown = marks[i]
            top = (i + 0.5) * row - thick / 2
            painter.setBrush(faint)
            painter.drawRoundedRect(QRectF(low, top, max(high - low, 1), thick), thick / 2, thick / 2)
            painter.setBrush(color)
            painter.drawRoundedRect(QRectF(min(zero, value), top, max(abs(value - zero), 2), thick), 2, 2)
            painter.setPen(words)
            number = self._number(shown)
            size = number.size()
            painter.drawStaticText(QPointF(right - size.width(), (i + 0.5) * row - size.height() / 2), number)
            painter.setPen(Qt.PenStyle.NoPen)

    def _marked(self) -> Array:
        """Of each row (4, n): both ends of its range and the end of its bar, in half pixels, and the number beside."""
        _, left, length, _ = self._measures()
        least, most = self._gauge.limits
        marks = np.nan_to_num(np.stack([self._low, self._high, self._values]))
        places = left + length * np.clip((marks - least) / (most - least), 0, 1)
        # No number is like no other, not even like itself.
        numbers = np.nan_to_num(self._gauge.shown(self._values), nan=np.inf)
        return np.vstack([np.round(2 * places) / 2, numbers])

    def _number(self, value: float) -> QStaticText:
        """The text of a number, laid out once."""
        text = self._gauge.text(value if math.isfinite(value) else math.nan)
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = QStaticText(text)
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.prepare(font=self._row_font)
        return found

    def _measures(self) -> tuple[float, float, float, float]:
        """Height of a row; left edge, length and thickness of the bars. The font is measured once for each size."""
        if self._measured is not None and self._measured[0] == self.size():
            return self._measured[1]
        row = self.height() / len(self._gauge.names)
        left = min(0.5 * self.width(), self._metrics(row).horizontalAdvance("Lower lip down R") + 18.0) + 6
        length, thick = max(self.width() - 6.0 - left - _NUMBER, 10.0), float(np.clip(row * 0.36, 3, 8))
        self._measured = self.size(), (row, left, length, thick)
        return self._measured[1]

    def _font(self, row: float) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(int(np.clip(row * 0.72, 10, 13)))
        return font

    def _metrics(self, row: float) -> QFontMetrics:
        return QFontMetrics(self._font(row))

    def _draw_still(self) -> QPixmap:
        """The static part, drawn once: names, tracks, zero. Drawing it takes longer than drawing the bars."""
        ratio, t = self.devicePixelRatioF(), self._theme
        still = QPixmap(self.size() * ratio)
        still.setDevicePixelRatio(ratio)
        still.fill(QColor(t.panel))
        row, left, length, thick = self._measures()
        least, most = self._gauge.limits
        zero = left - length * least / (most - least)
        painter = QPainter(still)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font(row))
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawLine(QPointF(zero, 2), QPointF(zero, self.height() - 2))
        self._row_colors = []
        ends = [(math.floor(i * row), math.ceil((i + 1) * row)) for i in range(len(self._gauge.names))]
        self._row_rects = [QRect(0, top, self.width(), bottom - top) for top, bottom in ends]
        for i, name in enumerate(self._gauge.names):
            y = (i + 0.5) * row
            if i == self._under:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(t.raised))
                if self.hasFocus():
                    painter.setPen(QColor(t.accent))
                painter.drawRoundedRect(QRectF(0, i * row, self.width(), row).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            color = QColor(self._colors.get(name, t.muted))
            words = QColor(t.text if name in self._colors or i == self._under else t.muted)
            painter.setPen(words)
            painter.drawText(QRectF(14, i * row, left - 20, row), Qt.AlignmentFlag.AlignVCenter, self._label(name))
            painter.setPen(Qt.PenStyle.NoPen)
            if name in self._colors:
                painter.setBrush(color)
                painter.drawEllipse(QPointF(6, y), 3, 3)
            painter.setBrush(QColor(t.raised if i != self._under else t.hover))
            painter.drawRoundedRect(QRectF(left, y - thick / 2, length, thick), thick / 2, thick / 2)
            faint = QColor(color)
            faint.setAlpha(60)
            self._row_colors.append((color, faint, words))
        painter.end()
        return still

    def _renew(self) -> None:
        self._still = self._measured = None
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            i = self._row(event.pos())
            if i >= 0:
                name = self._gauge.names[i]
                text = (texts.PLAYER_BAR_TIP if self._gain_changed is None else texts.BAR_TIP).format(
                    title=self._title(name),
                    value=self._told(self._values[i]),
                    low=self._gauge.text(self._low[i]),
                    high=self._gauge.text(self._high[i]),
                    gain=self._gains.get(name, 1.0),
                )
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(self._at if self.hasFocus() else -1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._lead_to(self._at)
        self._renew()  # the mouse may have been on that row

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, names = event.key(), self._gauge.names
        if key in _STEPS and names:
            self._lead_to(self._at + _STEPS[key])
        elif key in PRESS and self._at < len(names):
            self._toggled(names[self._at])
        else:
            super().keyPressEvent(event)

    def _lead_to(self, i: int) -> None:
        """Mark a row for the keys, and scroll to it."""
        if not self._gauge.names:
            return
        self._at = min(max(i, 0), len(self._gauge.names) - 1)
        self._hover(self._at)
        name = self._gauge.names[self._at]
        self.setAccessibleName(f"{self._title(name)}: {self._told(self._values[self._at])}")
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureVisible(0, round((self._at + 0.5) * self.height() / len(self._gauge.names)), 0, 2 * _ROW)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        i = self._row(event.position().toPoint())
        if i >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._toggled(self._gauge.names[i])

    def wheelEvent(self, event: QWheelEvent) -> None:
        i = self._row(event.position().toPoint())
        change = self._gain_changed
        if i < 0 or change is None or not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        step = 0.1 if event.angleDelta().y() > 0 else -0.1
        gain = round(float(np.clip(self._gains.get(self._gauge.names[i], 1.0) + step, 0, MAX_GAIN)), 2)
        change(self._gauge.names[i], gain)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        i, change = self._at if by_key else self._row(event.pos()), self._gain_changed
        if i < 0 or change is None:
            return
        name = self._gauge.names[i]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(texts.GAIN_MENU.format(title=self._title(name))).setEnabled(False)
        for gain in _GAINS:
            chosen = abs(self._gains.get(name, 1.0) - gain) < 0.01
            action = QAction(texts.GAIN.format(gain=gain), menu, checkable=True, checked=chosen)
            action.triggered.connect(lambda _=False, g=gain: change(name, g))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(texts.GAIN_RESET_ALL).triggered.connect(lambda: change("", 1.0))
        menu.popup(event.globalPos())

    def _label(self, name: str) -> str:
        gain = self._gains.get(name, 1.0)
        return self._title(name) if gain == 1.0 else f"{self._title(name)}  {texts.GAIN.format(gain=gain)}"

    def _title(self, name: str) -> str:
        return texts.title(name, action=self._gauge.percent)

    def _told(self, value: float) -> str:
        return self._gauge.text(value) if self._gauge.percent else texts.SD.format(value=value)

    def _row(self, at: QPoint) -> int:
        if not self._gauge.names or not self.rect().contains(at):
            return -1
        return min(len(self._gauge.names) - 1, int(at.y() * len(self._gauge.names) / max(1, self.height())))

    def _hover(self, i: int) -> None:
        if i != self._under:
            self._under = i
            self._renew()
