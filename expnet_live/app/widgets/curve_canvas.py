"""A curve whose handles can be dragged, with a dot where the face is on it now."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from expnet_live.app import texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.person.curve import Curve

_LEFT, _TOP, _RIGHT, _BOTTOM = 48.0, 12.0, 24.0, 34.0  # px around the plot
_NEAR = 11.0  # px within which the mouse hits a handle
_APART = 0.02  # least distance between two points
_SPAN = 0.05  # least distance from the dead zone's end to the full action
_WHOLE = [(0.0, 0.0), (1.0, 1.0)]


class CurveCanvas(QWidget):
    """The first handle is the end of the dead zone, the last one the weight that counts as full; a double-click adds a
    point, a right-click removes it. `changed` gives the curve while it is dragged, `finished` at the end.
    """

    changed = Signal(object)
    finished = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(300, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setToolTip(texts.CURVE_TIP)
        self._theme = DARK
        self._curve = Curve()
        self._live: float | None = None
        self._pulled: int | None = None
        self._under: int | None = None

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_curve(self, curve: Curve) -> None:
        self._curve = curve
        self.update()

    @property
    def curve(self) -> Curve:
        return self._curve

    def set_live(self, weight: float | None) -> None:
        """The weight of the face now, None without a face."""
        if weight != self._live:
            self._live = weight
            self.update()

    @property
    def live(self) -> tuple[float, float] | None:
        """The dot: the weight of the face, and what the avatar gets."""
        return None if self._live is None else (self._live, float(self._curve(np.array(self._live))))

    def handles(self) -> list[QPointF]:
        """In pixels."""
        curve = self._curve
        scale = (1 - curve.dead) / max(curve.gain, 1e-6)
        return [self._place(min(curve.dead + x * scale, 1.0), y) for x, y in self._points]

    def _place(self, x: float, y: float) -> QPointF:
        area = self._area
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    def _value(self, place: QPointF) -> tuple[float, float]:
        area = self._area
        x, y = (place.x() - area.left()) / area.width(), (area.bottom() - place.y()) / area.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    @property
    def _points(self) -> list[tuple[float, float]]:
        return list(self._curve.points or _WHOLE)

    @property
    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)

    # --- the mouse ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton:
            self._pulled = at
        elif event.button() == Qt.MouseButton.RightButton and at is not None and 0 < at < len(self._points) - 1:
            self._set(self._curve.dead, self._curve.gain, [p for i, p in enumerate(self._points) if i != at])
            self.finished.emit(self._curve)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pulled is not None:
            self._pull(self._pulled, *self._value(event.position()))
            return
        under = self._at(event.position())
        if under != self._under:
            self._under = under
            self.setCursor(Qt.CursorShape.ArrowCursor if under is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pulled is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pulled = None
            self.finished.emit(self._curve)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._at(event.position()) is not None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = self._value(event.position())
        inner = self._inner(x)
        points = sorted([*self._points, (inner, y)])
        if all(b[0] - a[0] >= _APART for a, b in pairwise(points)):
            self._set(self._curve.dead, self._curve.gain, points)
            self.finished.emit(self._curve)

    def _at(self, place: QPointF) -> int | None:
        """The handle there; of several, the nearest one."""
        away = [(p - place).manhattanLength() for p in self.handles()]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= _NEAR else None

    def _inner(self, x: float) -> float:
        """A weight after dead zone and gain."""
        dead, gain = self._curve.line
        return min(max((x - dead) * gain / (1 - dead), 0.0), 1.0)

    def _pull(self, i: int, x: float, y: float) -> None:
        curve, points = self._curve, self._points
        dead, gain = curve.dead, curve.gain
        full = dead + (1 - dead) / max(gain, 1e-6)  # the weight that counts as full
        if i == 0:
            dead = min(max(x if x > _APART else 0.0, 0.0), min(full, 1.0) - _SPAN)
            gain = (1 - dead) / (full - dead)
            points[0] = (0.0, y)
        elif i == len(points) - 1:
            if x < 1 - _APART:
                gain = (1 - dead) / (max(x, dead + _SPAN) - dead)
            elif gain > 1:
                gain = 1.0
            points[-1] = (1.0, y)
        else:
            low, high = points[i - 1][0] + _APART, points[i + 1][0] - _APART
            points[i] = (min(max(self._inner(x), low), high), y)
        self._set(dead, gain, points)

    def _set(self, dead: float, gain: float, points: list[tuple[float, float]]) -> None:
        rounded = [(round(x, 3), round(y, 3)) for x, y in points]
        self._curve = Curve(round(dead, 3), round(min(gain, 100.0), 3), None if rounded == _WHOLE else rounded)
        self.update()
        self.changed.emit(self._curve)

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, area = self._theme, QPainter(self), self._area
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            painter.setPen(QPen(QColor(t.line), 1))
            painter.drawLine(self._place(share, 0), self._place(share, 1))
            painter.drawLine(self._place(0, share), self._place(1, share))
            if share in (0.0, 0.5, 1.0):
                painter.setPen(QColor(t.muted))
                y, x = self._place(0, share).y(), self._place(share, 0).x()
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                label, below = f"{100 * share:.0f} %", QRectF(x - 30, area.bottom() + 3, 60, 14)
                painter.drawText(QRectF(0, y - 8, _LEFT - 11, 16), right, label)
                if share:  # one label is enough for the corner
                    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, label)
        painter.setPen(QColor(t.muted))
        painter.drawText(
            QRectF(area.left(), area.bottom() + 16, area.width(), 16), Qt.AlignmentFlag.AlignCenter, texts.CURVE_AXES
        )
        painter.setPen(QPen(QColor(t.faint), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self._place(0, 0), self._place(1, 1))
        inputs = np.linspace(0, 1, 257)
        outputs = self._curve(inputs)
        line = QPolygonF([self._place(a, b) for a, b in zip(inputs.tolist(), outputs.tolist(), strict=True)])
        painter.setPen(QPen(QColor(t.accent), 2.2))
        painter.drawPolyline(line)
        if (live := self.live) is not None:
            dot = self._place(*live)
            painter.setPen(QPen(QColor(t.curves[1]), 1, Qt.PenStyle.DotLine))
            painter.drawLine(dot, self._place(live[0], 0))
            painter.drawLine(dot, self._place(0, live[1]))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.curves[1]))
            painter.drawEllipse(dot, 5.5, 5.5)
        for i, place in enumerate(self.handles()):
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.setBrush(QColor(t.accent if i in (self._pulled, self._under) else t.panel))
            painter.drawEllipse(place, 6, 6)
