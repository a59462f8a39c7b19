"""The camera's picture with the faces found in it."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from expnet_live.app import texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.view3d.lines import FaceLines, draw_lines
from expnet_live.core.types import Array, Box, Image
from expnet_live.live.state import LiveFace, LiveState

RADIUS = 8.0
_CHIPS = 8  # texts whose chips are kept


class CameraView(QWidget):
    """Fits the picture into the widget; lines and texts are drawn at the screen's own resolution."""

    picked = Signal(int)  # the number of the face that was clicked

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.mirror, self.overlay = True, "contours"
        self.note, self.badge, self.recording = texts.WAITING, "", ""
        self._theme = DARK
        self._image: Image | None = None
        self._faces: tuple[LiveFace, ...] = ()
        self._lines: FaceLines | None = None
        self._chips: dict[tuple[str, float], QPixmap] = {}

    def sizeHint(self) -> QSize:
        return QSize(360, 270)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_lines(self, lines: FaceLines) -> None:
        """The coordinates of the lines over a face."""
        self._lines = lines

    def set_state(self, state: LiveState) -> None:
        self.set_picture(state.captured.frame.image, state.faces)

    def set_picture(self, image: Image | None, faces: tuple[LiveFace, ...]) -> None:
        self._image, self._faces = image, faces
        self.update()

    @property
    def image(self) -> Image | None:
        """The picture shown, without the lines; None for none."""
        return self._image

    @property
    def faces(self) -> tuple[LiveFace, ...]:
        """The faces marked in the picture."""
        return self._faces

    def clear(self) -> None:
        self._image, self._faces = None, ()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        if self._image is None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.raised))
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
            painter.setPen(QColor(self._theme.muted))
            inside = self.rect().adjusted(16, 16, -16, -16)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.note)
            return
        area = self._area()
        picture = self._picture(area)
        height, width = picture.shape[:2]
        painter.drawImage(area, QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGB32))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Painting over the corners is much faster than clipping to a round shape.
        corners = QPainterPath()
        corners.addRect(area.adjusted(-1, -1, 1, 1))
        corners.addRoundedRect(area, RADIUS, RADIUS)
        painter.fillPath(corners, QColor(self._theme.panel))
        for i, face in enumerate(self._faces if self.overlay != "none" else ()):
            # The first one is mirrored.
            self._draw_box(painter, area, face.state.box, 1.0 if i == 0 else 0.45)
        if self.badge:
            self._draw_chip(painter, area.topLeft() + QPointF(8, 8), self.badge)
        if self.recording:
            self._draw_recording(painter, area.topRight() + QPointF(-8, 8))
        if self.note:
            self._draw_chip(painter, QPointF(area.center().x(), area.bottom() - 34), self.note, center=True)

    def _area(self) -> QRectF:
        assert self._image is not None
        height, width = self._image.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        w, h = round(width * scale), round(height * scale)
        return QRectF((self.width() - w) // 2, (self.height() - h) // 2, w, h)

    def _picture(self, area: QRectF) -> Image:
        """The camera's picture with the lines over it, (H, W, 4) BGR, at the screen's resolution."""
        assert self._image is not None
        ratio = self.devicePixelRatioF()
        size = max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio))
        # OpenCV scales ten times faster than the painter; averaging all pixels pays off when the picture shrinks.
        much = self._image.shape[1] > 2.5 * size[0]
        picture = cv2.resize(self._image, size, interpolation=cv2.INTER_AREA if much else cv2.INTER_LINEAR)
        picture = cv2.cvtColor(cv2.flip(picture, 1) if self.mirror else picture, cv2.COLOR_BGR2BGRA)
        if self._lines is None or self.overlay not in ("contours", "mesh"):
            return picture
        contours, source = self.overlay == "contours", (self._image.shape[1], self._image.shape[0])
        color = self._accent()
        for face in self._faces:
            lines = self._lines.contours(face, source) if contours else self._lines.mesh(face, source)
            # More than a thousand lines would hide the face at full strength.
            draw_lines(
                picture,
                [self._on_screen(line, size[0]) for line in lines],
                (color.blue(), color.green(), color.red()),
                width=max(1, round(ratio)),
                opacity=0.85 if contours else 0.5,
            )
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        inside = [f for f in self._faces if self._frame(self._area(), f.state.box).contains(at)]
        if inside and event.button() == Qt.MouseButton.LeftButton:
            # Of faces that overlap, the one whose middle is nearest.
            middles = {f.state.face: self._frame(self._area(), f.state.box).center() - at for f in inside}
            self.picked.emit(min(middles, key=lambda n: QPointF.dotProduct(middles[n], middles[n])))
        else:
            super().mousePressEvent(event)

    def _frame(self, area: QRectF, box: Box) -> QRectF:
        """What is drawn round a face, in this widget."""
        corners = self._on_screen(np.array([[box.x, box.y], [box.x + box.w, box.y + box.h]]), area.width())
        (x0, y0), (x1, y1) = corners.min(0) + 0.5, corners.max(0) + 0.5
        pad = 0.06 * (x1 - x0)
        return QRectF(area.x() + x0 - pad, area.y() + y0 - pad, x1 - x0 + 2 * pad, y1 - y0 + 2 * pad)

    def _draw_box(self, painter: QPainter, area: QRectF, box: Box, opacity: float) -> None:
        frame = self._frame(area, box)
        painter.setOpacity(opacity)
        painter.setPen(QPen(QBrush(self._accent()), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(area)
        painter.drawPath(_brackets(frame, min(18.0, frame.width() / 5)))
        painter.setClipping(False)
        painter.setOpacity(1.0)

    def _accent(self) -> QColor:
        return QColor(self._theme.accent if self._theme.name == "dark" else "#5fe0d0")

    def _on_screen(self, points: Array, width: float) -> Array:
        """Camera pixels (n, 2) in the coordinates of a picture of that width."""
        assert self._image is not None
        at = (points + 0.5) * (width / self._image.shape[1]) - 0.5
        if self.mirror:
            at[:, 0] = width - 1 - at[:, 0]
        return at

    def _draw_chip(self, painter: QPainter, at: QPointF, text: str, center: bool = False) -> None:
        chip = self._chip(text)
        left = at.x() - chip.deviceIndependentSize().width() / 2 if center else at.x()
        painter.drawPixmap(QPointF(round(left), round(at.y())), chip)

    def _chip(self, text: str) -> QPixmap:
        """A chip with that text, drawn once for many frames."""
        ratio = self.devicePixelRatioF()
        if (found := self._chips.get((text, ratio))) is not None:
            return found
        font = QFont(self.font())
        font.setPixelSize(12)
        area = QRectF(0, 0, QFontMetrics(font).horizontalAdvance(text) + 18, 24)
        chip = QPixmap((area.size() * ratio).toSize())
        chip.setDevicePixelRatio(ratio)
        chip.fill(Qt.GlobalColor.transparent)
        painter = QPainter(chip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 14, 165))
        painter.drawRoundedRect(area, 12, 12)
        painter.setPen(QColor("#f2f4f6"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        if len(self._chips) >= _CHIPS:
            self._chips.clear()
        self._chips[text, ratio] = chip
        return chip

    def _draw_recording(self, painter: QPainter, corner: QPointF) -> None:
        """Draw a red chip whose upper right corner is at this point."""
        font = QFont(self.font())
        font.setPixelSize(12)
        font.setBold(True)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(self.recording) + 34
        chip = QRectF(corner.x() - width, corner.y(), width, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(200, 24, 38, 225))
        painter.drawRoundedRect(chip, 12, 12)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QPointF(chip.left() + 14, chip.center().y()), 4, 4)
        painter.setPen(QColor("white"))
        painter.drawText(chip.adjusted(24, 0, -10, 0), Qt.AlignmentFlag.AlignVCenter, self.recording)


def _brackets(r: QRectF, length: float) -> QPainterPath:
    """The four corners of a rectangle."""
    path = QPainterPath()
    for x, dx in ((r.left(), length), (r.right(), -length)):
        for y, dy in ((r.top(), length), (r.bottom(), -length)):
            path.moveTo(x + dx, y)
            path.lineTo(x, y)
            path.lineTo(x, y + dy)
    return path
