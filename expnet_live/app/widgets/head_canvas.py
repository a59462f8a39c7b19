"""The canvas of the head: its picture on the backdrop, and the mouse control of the view."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from expnet_live.app.view3d.backdrop import Color, backdrop
from expnet_live.app.view3d.orbit import Orbit

Rendering = tuple[QImage, QRectF]
_EDGE = 8  # levels between a pixel and those around, from which on it is one of an edge


class HeadCanvas(QWidget):
    """`render(area)` returns a picture and its place in this widget, or None while there is none.

    Painting calls it if `refresh` was called before. `shown` is emitted after each painting.
    """

    shown = Signal()
    moved = Signal()  # the view, moved with the mouse
    resized = Signal()

    def __init__(self, orbit: Orbit, render: Callable[[QRect], Rendering | None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._orbit, self._render = orbit, render
        self._colors: tuple[Color, Color] = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        self._backdrop: QPixmap | None = None
        self._ground: str | None = None
        self._rendering: Rendering | None = None
        self._opacity = 1.0
        self._stale = True
        self._area = QRect()  # the area of the head
        self._at = QPointF()  # the last position of the mouse

    def set_colors(self, middle: Color, edge: Color) -> None:
        """Set the colours of the backdrop, sRGB 0..1."""
        self._colors, self._backdrop = (middle, edge), None
        self.update()

    def set_ground(self, color: str) -> None:
        """Paint this colour (#rrggbb) instead of the backdrop, or nothing for an empty text."""
        self._ground = color
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, bool(color))
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """Set how strongly the head stands out from the backdrop, 0..1."""
        if opacity != self._opacity:
            self._opacity = opacity
            self.update(self._area)

    def refresh(self, area: QRect) -> None:
        """Request a new picture of the head, which is now within `area`: nothing else is repainted."""
        self._stale = True
        # A head that was moved out of sight still needs the `shown` signal.
        self.update((area | self._area) if not area.isEmpty() else QRect(QPoint(0, 0), self.size()))
        self._area = area

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._ground is None and (self._backdrop is None or self._backdrop.size() != size):
            self._backdrop = backdrop(size.width(), size.height(), *self._colors)
            self._backdrop.setDevicePixelRatio(ratio)
        if self._stale:
            self._stale = False
            self._rendering = self._render(self._area)
        painter = QPainter(self)
        if self._ground is None:
            assert self._backdrop is not None
            painter.drawPixmap(0, 0, self._backdrop)
        else:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.fillRect(event.rect(), QColor(self._ground) if self._ground else Qt.GlobalColor.transparent)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        if self._rendering is not None:
            picture, place = self._rendering
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, ratio != 1)
            painter.setOpacity(self._opacity)
            painter.drawImage(place, cut_out(picture) if self._ground else picture)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.resized.emit()

    # --- the mouse ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._at = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        moved = event.position() - self._at
        self._at = event.position()
        if event.buttons() == Qt.MouseButton.LeftButton and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._orbit.drag(moved.x(), moved.y())
        else:
            self._orbit.pan(moved.x(), moved.y(), self.height())
        self.moved.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._orbit.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._orbit.zoom(event.angleDelta().y() / 120)


def cut_out(picture: QImage) -> QImage:
    """The picture with hard edges: pixels that let a key colour shine through could not be keyed out."""
    hard = picture.convertToFormat(QImage.Format.Format_ARGB32)
    rows = np.frombuffer(hard.bits(), np.uint8).reshape(hard.height(), hard.width(), 4)
    alpha = cv2.threshold(cv2.extractChannel(rows, 3), 127, 255, cv2.THRESH_BINARY)[1]
    cv2.insertChannel(alpha, rows, 3)
    return hard


def soften(picture: QImage) -> None:
    """Smooth the edges of a drawing without multisampling, in place: pixels unlike those around become their mean.
    Premultiplied, they keep their colours."""
    rows = np.frombuffer(picture.bits(), np.uint8).reshape(picture.height(), picture.width(), 4)
    mean = cv2.blur(rows, (3, 3))
    away = cv2.absdiff(rows, mean)
    # Green and alpha show the edges, and two channels take half the time of four.
    most = cv2.max(cv2.extractChannel(away, 1), cv2.extractChannel(away, 3))
    cv2.copyTo(mean, cv2.compare(most, _EDGE, cv2.CMP_GT), rows)


def smaller(picture: QImage, size: QSize) -> QImage:
    """A picture of premultiplied pixels, smoothly scaled to `size`."""
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)
    out = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    into = np.frombuffer(out.bits(), np.uint8).reshape(size.height(), size.width(), 4)
    cv2.resize(rows, (size.width(), size.height()), dst=into, interpolation=cv2.INTER_LINEAR)
    return out
