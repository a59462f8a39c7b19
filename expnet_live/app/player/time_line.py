"""A time line of the whole session for scrubbing, with its markers and the range."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from expnet_live.app import texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.pieces import as_shown
from expnet_live.sessions.format.markers import Marker

_EDGE = 8.0  # px of room for the handle at either end
_NEAR = 5.0  # px within which the mouse hits a marker


class TimeLine(QWidget):
    """`sought` gives the time (s) to which the user drags the handle."""

    sought = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(80)
        self.setToolTip(texts.PLAYER_TIME_LINE_TIP)
        self._theme = DARK
        self._start, self._end, self._position = 0.0, 1.0, 0.0
        self._markers: Sequence[Marker] = ()
        self._range: tuple[float, float] | None = None

    def sizeHint(self) -> QSize:
        return QSize(300, 22)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_session(self, start: float, end: float, markers: Sequence[Marker]) -> None:
        self._start, self._end = start, max(end, start + 1e-6)
        self._position, self._markers, self._range = start, markers, None
        self.update()

    def set_markers(self, markers: Sequence[Marker]) -> None:
        self._markers = markers
        self.update()

    @property
    def position(self) -> float:
        """The position of the handle, in s."""
        return self._position

    def set_position(self, time: float) -> None:
        if time != self._position:
            self._position = time
            self.update()

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        self._range = wanted
        self.update()

    def x_of(self, time: float) -> float:
        return _EDGE + (self.width() - 2 * _EDGE) * (time - self._start) / (self._end - self._start)

    def time_at(self, x: float) -> float:
        share = (x - _EDGE) / max(self.width() - 2 * _EDGE, 1)
        return self._start + (self._end - self._start) * min(1.0, max(0.0, share))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, middle = self._theme, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        left, right, at = self.x_of(self._start), self.x_of(self._end), self.x_of(self._position)
        if self._range is not None:
            low, high = (self.x_of(v) for v in self._range)
            shade = QColor(t.accent)
            shade.setAlpha(60)
            painter.setBrush(shade)
            painter.drawRoundedRect(QRectF(low, middle - 7, high - low, 14), 3, 3)
        for color, end in ((t.line, right), (t.accent, at)):
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(QRectF(left, middle - 2, end - left, 4), 2, 2)
        for marker in self._markers:
            painter.setBrush(QColor(marker.color or t.muted))
            painter.drawRoundedRect(QRectF(self.x_of(marker.time) - 1, middle - 9, 2, 18), 1, 1)
        painter.setBrush(QColor(t.text))
        painter.drawEllipse(QPointF(at, middle), 6, 6)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.sought.emit(self.time_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self.time_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            near = [m for m in self._markers if abs(self.x_of(m.time) - event.pos().x()) <= _NEAR]
            text = "\n".join(f"{texts.player_clock(m.time)}  {m.label}" for m in near) or self.toolTip()
            QToolTip.showText(event.globalPos(), as_shown(text), self)
            return True
        return super().event(event)
