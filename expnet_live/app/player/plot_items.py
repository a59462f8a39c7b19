"""Plot items over time: curves, spans and markers, with a single item for all of a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from expnet_live.app.player.curves import Curves, Slice
from expnet_live.core.types import Array
from expnet_live.sessions.format.markers import Marker

_LABEL = 18  # most characters of a marker's label
_COLUMNS = 5000  # points of all curves together that Qt paints without noticeable delay
_SOFT = 1200  # most points of all curves together for lines wider than a pixel, which take Qt much longer


class _Whole(pg.GraphicsObject):
    """An item as large as the visible part of the plot."""

    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return QRectF() if box is None else QRectF(box.viewRect())

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()
        self.update()


class Lines(_Whole):
    """The chosen curves, each in its colour and multiplied by its scale; NaN makes gaps."""

    def __init__(self) -> None:
        super().__init__()
        # Cached, so that a cursor that moves over them does not repaint them.
        self.setCacheMode(pg.GraphicsObject.CacheMode.DeviceCoordinateCache)
        self._curves = Curves(np.zeros(1), {})
        self._scales: Mapping[str, float] = {}
        self._colors: Mapping[str, str] = {}

    def set_curves(self, curves: Curves, scales: Mapping[str, float]) -> None:
        """Set the available curves; none is chosen at first. Curves without an entry in `scales` are drawn as they
        are.
        """
        self._curves, self._scales = curves, scales
        self.set_colors({})

    def set_colors(self, colors: Mapping[str, str]) -> None:
        """Choose the curves to draw."""
        self._colors = colors
        self.update()

    @property
    def height(self) -> tuple[float, float]:
        """The minimum and the maximum, as drawn, covering at least -1 to 1."""
        known = ((self._scales.get(name, 1.0), self._curves.ends[name]) for name in self._colors)
        ends = [scale * end for scale, both in known if both is not None for end in both]
        return min([*ends, -1.0]), max([*ends, 1.0])

    def drawn(self) -> tuple[Slice, dict[str, Array]]:
        """The visible part of the chosen curves: their times, and values as drawn."""
        area, width = self.boundingRect(), self.getViewBox().width()
        columns = max(50, min(int(width), _COLUMNS // max(len(self._colors), 1)))
        part = self._curves.slice(area.left(), area.right(), columns)
        return part, {name: part.y(name) * self._scales.get(name, 1.0) for name in self._colors}

    def paint(self, painter: QPainter, *args: object) -> None:
        part, values = self.drawn()
        soft = len(part) * len(values) <= _SOFT
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name, y in values.items():
            painter.setPen(pg.mkPen(self._colors[name], width=1.5 if soft else 1))
            painter.drawPath(pg.arrayToQPath(part.x, y, connect="finite"))


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
    """Labelled lines from top to bottom; a label that would overlap the one before is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(10)
        self._markers: Sequence[Marker] = ()
        self._color = self._ground = QColor()

    @property
    def markers(self) -> Sequence[Marker]:
        return self._markers

    def set_markers(self, markers: Sequence[Marker]) -> None:
        """Set the markers, in order of time."""
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
