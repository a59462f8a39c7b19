"""Plot items over time: curves, spans and markers, with a single item for all of a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import HoverEvent, MouseDragEvent
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QPainter, QPainterPath, QTransform

from expnet_live.app.player.curves import Curves, Slice
from expnet_live.core.types import Array
from expnet_live.sessions.format.markers import Marker

_NEAR = 4.0  # px within which the mouse hits a marker
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
        self._least = -1.0
        self._colors: Mapping[str, str] = {}

    def set_curves(self, curves: Curves, scales: Mapping[str, float], least: float = -1.0) -> None:
        """Set the available curves; none is chosen at first. Curves without an entry in `scales` are drawn as they
        are. `least` is always visible, as is 1.
        """
        self._curves, self._scales, self._least = curves, scales, least
        self.set_colors({})

    def set_colors(self, colors: Mapping[str, str]) -> None:
        """Choose the curves to draw."""
        self._colors = colors
        self.update()

    @property
    def height(self) -> tuple[float, float]:
        """The minimum and the maximum, as drawn, with at least the range that is always visible."""
        known = ((self._scales.get(name, 1.0), self._curves.ends[name]) for name in self._colors)
        ends = [scale * end for scale, both in known if both is not None for end in both]
        return min([*ends, self._least]), max([*ends, 1.0])

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
    """Labelled lines from top to bottom, which can be dragged; a label that would overlap the one before is left out.

    `dragged` gives the time (s) of a marker while it is dragged, `moved` the marker and its new time at the end.
    """

    dragged = Signal(float)
    moved = Signal(object, float)

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(10)
        self._markers: Sequence[Marker] = ()
        self._color = self._ground = QColor()
        self._pulled: Marker | None = None
        self._pulled_to = 0.0

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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places(painter.transform())
        painter.resetTransform()
        painter.setFont(_font())
        for marker, line, label, text in places:
            color = QColor(marker.color) if marker.color else self._color
            painter.setPen(pg.mkPen(color, width=1, style=Qt.PenStyle.DashLine))
            painter.drawLine(line)
            if label is None:
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color if marker.color else self._ground)
            painter.drawRoundedRect(label, 3, 3)
            painter.setPen(_readable_on(color) if marker.color else color)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)

    def at(self, place: QPointF) -> Marker | None:
        """The marker whose line or label is there in the scene; of several, the one drawn last."""
        found = None
        for marker, line, label, _ in self._places(self.sceneTransform()):
            on_line = abs(place.x() - line.x1()) <= _NEAR
            if on_line or (label is not None and label.contains(place)):
                found = marker
        return found

    def _places(self, to_screen: QTransform) -> list[tuple[Marker, QLineF, QRectF | None, str]]:
        """Each visible marker with its line, its label if there is room for it, and the label's text."""
        area, metrics, free = self.boundingRect(), QFontMetricsF(_font()), float("-inf")
        places: list[tuple[Marker, QLineF, QRectF | None, str]] = []
        for marker in sorted(self._markers, key=self._time):
            at = self._time(marker)
            if not area.left() <= at <= area.right():
                continue
            line = QLineF(to_screen.map(QPointF(at, area.top())), to_screen.map(QPointF(at, area.bottom())))
            text = marker.label if len(marker.label) <= _LABEL else marker.label[: _LABEL - 1] + "…"
            label = None
            if line.x1() >= free:
                label = QRectF(line.x1() + 2, min(line.y1(), line.y2()) + 1, metrics.horizontalAdvance(text) + 8, 17)
                free = label.right() + 4
            places.append((marker, line, label, text))
        return places

    def _time(self, marker: Marker) -> float:
        return self._pulled_to if marker is self._pulled else marker.time

    def shape(self) -> QPainterPath:
        """Where the mouse hits a marker."""
        to_screen = self.sceneTransform()
        back, ok = to_screen.inverted()
        path = QPainterPath()
        for _, line, label, _ in self._places(to_screen) if ok else ():
            top, height = min(line.y1(), line.y2()), abs(line.dy())
            path.addRect(back.mapRect(QRectF(line.x1() - _NEAR, top, 2 * _NEAR, height)))
            if label is not None:
                path.addRect(back.mapRect(label))
        return path

    def hoverEvent(self, event: HoverEvent) -> None:
        over = not event.isExit() and self.at(event.scenePos()) is not None
        if over:
            event.acceptDrags(Qt.MouseButton.LeftButton)
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self.unsetCursor()

    def mouseDragEvent(self, event: MouseDragEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        if event.isStart():
            self._pulled = self.at(event.buttonDownScenePos())
        if self._pulled is None:
            event.ignore()
            return
        event.accept()
        self._pulled_to = float(self.getViewBox().mapSceneToView(event.scenePos()).x())
        self.update()
        if event.isFinish():
            pulled, self._pulled = self._pulled, None
            self.moved.emit(pulled, self._pulled_to)
        else:
            self.dragged.emit(self._pulled_to)


def _font() -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(12)
    return font


def _readable_on(color: QColor) -> QColor:
    """Black or white, whichever has the better contrast."""
    return QColor("#101214" if color.lightnessF() > 0.62 else "#ffffff")
