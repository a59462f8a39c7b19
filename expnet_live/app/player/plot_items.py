"""What lies behind and before the curves: spans and markers, each kind one item however many there are."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from expnet_live.sessions.markers import Marker

_LABEL = 18  # characters of a marker's label


class _Whole(pg.GraphicsObject):
    """As large as what is seen of the plot."""

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else QRectF(box.viewRect())

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()
        self.update()


class Spans(_Whole):
    """Spans (from, to) of time, shaded from top to bottom."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(-20)
        self._spans: list[tuple[float, float]] = []
        self._color = QColor()

    def set_spans(self, spans: list[tuple[float, float]]) -> None:
        self._spans = spans
        self.update()

    def set_color(self, color: QColor) -> None:
        self._color = color
        self.update()

    def paint(self, painter: QPainter, *args: object) -> None:
        area = self.boundingRect()
        for low, high in self._spans:
            if high >= area.left() and low <= area.right():
                painter.fillRect(QRectF(low, area.top(), high - low, area.height()), self._color)


class Marks(_Whole):
    """Labelled lines from top to bottom; a label that would cover the one before is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(10)
        self._markers: Sequence[Marker] = ()
        self._color = self._ground = QColor()

    @property
    def markers(self) -> Sequence[Marker]:
        return self._markers

    def set_markers(self, markers: Sequence[Marker]) -> None:
        """In the order of their times."""
        self._markers = markers
        self.update()

    def set_colors(self, color: QColor, ground: QColor) -> None:
        self._color, self._ground = color, ground
        self.update()

    def paint(self, painter: QPainter, *args: object) -> None:
        area, to_screen = self.boundingRect(), painter.transform()
        seen = [m for m in self._markers if area.left() <= m.time <= area.right()]
        tops = [to_screen.map(QPointF(m.time, area.top())) for m in seen]
        bottoms = [to_screen.map(QPointF(m.time, area.bottom())) for m in seen]
        painter.resetTransform()
        font = QFont(painter.font())
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(pg.mkPen(self._color, width=1, style=Qt.PenStyle.DashLine))
        painter.setBrush(self._ground)
        free = float("-inf")
        for marker, one, other in zip(seen, tops, bottoms, strict=True):
            painter.drawLine(QLineF(one, other))
            text = marker.label if len(marker.label) <= _LABEL else marker.label[: _LABEL - 1] + "…"
            width = painter.fontMetrics().horizontalAdvance(text)
            if one.x() >= free:
                label = QRectF(one.x() + 2, min(one.y(), other.y()) + 1, width + 6, 17)
                painter.fillRect(label, self._ground)
                painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
                free = label.right() + 4
