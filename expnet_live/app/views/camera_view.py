"""The camera's picture with what was found in it."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from expnet_live.app import texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.face_model.model import FaceModel
from expnet_live.geometry.camera import Camera
from expnet_live.geometry.mesh import NormalOperator, edges_of
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.render.overlay import contour_lines
from expnet_live.types import Array, FaceState, Image

RADIUS = 8.0


class CameraView(QWidget):
    """Fits the picture into itself; lines and words are drawn at the screen's own resolution."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.mirror, self.overlay = True, "contours"
        self.note, self.badge = texts.WAITING, ""
        self._theme = DARK
        self._image: Image | None = None
        self._faces: tuple[FaceState, ...] = ()
        self._model: FaceModel | None = None

    def sizeHint(self) -> QSize:
        return QSize(360, 270)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_model(self, model: FaceModel) -> None:
        self._model = model
        self._normals = NormalOperator(model.base_triangles, len(model.mean))
        self._edges = edges_of(model.base_triangles)[0]

    def set_state(self, state: LiveState) -> None:
        self._image = state.captured.frame.image
        self._faces = tuple(face.state for face in state.faces)
        self.update()

    def clear(self) -> None:
        self._image, self._faces = None, ()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.raised))
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.note)
            return
        area = self._area()
        self._draw_picture(painter, area)
        clip = QPainterPath()
        clip.addRoundedRect(area, RADIUS, RADIUS)
        painter.setClipPath(clip)
        for face in self._faces:
            self._draw_face(painter, area, face)
        painter.setClipping(False)
        if self.badge:
            self._draw_chip(painter, area.topLeft() + QPointF(8, 8), self.badge)
        if self.note:
            self._draw_chip(painter, QPointF(area.center().x(), area.bottom() - 34), self.note, center=True)

    def _area(self) -> QRectF:
        assert self._image is not None
        height, width = self._image.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        w, h = width * scale, height * scale
        return QRectF((self.width() - w) / 2, (self.height() - h) / 2, w, h)

    def _draw_picture(self, painter: QPainter, area: QRectF) -> None:
        assert self._image is not None
        ratio = self.devicePixelRatioF()
        size = max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio))
        smaller = size[0] < self._image.shape[1]
        # OpenCV scales ten times faster than the painter.
        picture = cv2.resize(self._image, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        if self.mirror:
            picture = cv2.flip(picture, 1)
        picture = np.ascontiguousarray(picture)
        image = QImage(picture.data, size[0], size[1], 3 * size[0], QImage.Format.Format_BGR888)
        image.setDevicePixelRatio(ratio)
        brush = QBrush(image)
        painter.setBrushOrigin(area.topLeft())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRoundedRect(area, RADIUS, RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_face(self, painter: QPainter, area: QRectF, face: FaceState) -> None:
        if self.overlay == "none":
            return
        accent = QColor(self._theme.accent if self._theme.name == "dark" else "#5fe0d0")
        box = face.box
        corners = self._on_screen(np.array([[box.x, box.y], [box.x + box.w, box.y + box.h]]), area)
        (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
        pad = 0.06 * (x1 - x0)
        frame = QRectF(x0 - pad, y0 - pad, x1 - x0 + 2 * pad, y1 - y0 + 2 * pad)
        painter.setPen(QPen(QBrush(accent), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPath(_brackets(frame, min(18.0, frame.width() / 5)))
        if self.overlay == "box" or self._model is None:
            return
        points, normals = self._projected(face)
        accent.setAlpha(210 if self.overlay == "contours" else 120)
        painter.setPen(QPen(accent, 1.3 if self.overlay == "contours" else 0.8))
        if self.overlay == "contours":
            for line in contour_lines(points, normals):
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in self._on_screen(line, area)]))
        else:
            seen = self._edges[(normals[self._edges, 2] > 0.05).all(1)]
            at = self._on_screen(points[:, :2], area)
            painter.drawLines([QLineF(*at[a], *at[b]) for a, b in seen])

    def _projected(self, face: FaceState) -> tuple[Array, Array]:
        assert self._model is not None and self._image is not None
        height, width = self._image.shape[:2]
        vertices = self._model.landmarks(face.expression, face.identity)
        turn = matrix_from_vector(face.pose.rotation).astype(np.float32)
        return Camera.for_image(width, height).view(face.pose).project(vertices), self._normals(vertices) @ turn.T

    def _on_screen(self, points: Array, area: QRectF) -> Array:
        """Pixels of the picture (n, 2) as places in the widget."""
        assert self._image is not None
        scale = area.width() / self._image.shape[1]
        at = (np.asarray(points)[:, :2] + 0.5) * scale
        if self.mirror:
            at[:, 0] = area.width() - at[:, 0]
        result: Array = at + np.array([area.x(), area.y()])
        return result

    def _draw_chip(self, painter: QPainter, at: QPointF, text: str, center: bool = False) -> None:
        font = QFont(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 18
        x = at.x() - width / 2 if center else at.x()
        chip = QRectF(x, at.y(), width, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 14, 165))
        painter.drawRoundedRect(chip, 12, 12)
        painter.setPen(QColor("#f2f4f6"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)


def _brackets(r: QRectF, length: float) -> QPainterPath:
    """The four corners of a rectangle."""
    path = QPainterPath()
    for x, dx in ((r.left(), length), (r.right(), -length)):
        for y, dy in ((r.top(), length), (r.bottom(), -length)):
            path.moveTo(x + dx, y)
            path.lineTo(x, y)
            path.lineTo(x, y + dy)
    return path


def shown_face(state: LiveState) -> LiveFace | None:
    """The face that the head mirrors: the one known longest."""
    return state.faces[0] if state.faces else None
