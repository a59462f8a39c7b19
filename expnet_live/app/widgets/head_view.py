"""The 3D view: the head on its canvas, with floating buttons over it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QImage, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.theme import INACTIVE, Theme, rgb
from expnet_live.app.view3d.avatar_geometry import AvatarGeometry
from expnet_live.app.view3d.avatar_visual import AvatarVisual
from expnet_live.app.view3d.drawn import Drawable
from expnet_live.app.view3d.fineness import Fineness
from expnet_live.app.view3d.orbit import CENTER, Orbit, projection
from expnet_live.app.view3d.stage import Stage
from expnet_live.app.view3d.visual import Finish, HeadVisual
from expnet_live.app.widgets.head_canvas import HeadCanvas, Rendering, smaller, soften
from expnet_live.avatars.model import Material
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector

log = logging.getLogger(__name__)

_NECK = np.array([0.0, -85.0, -75.0], np.float32)  # mm: pivot of the head's rotation
_FLIP = np.diag([1, -1, 1, 1]).astype(np.float32)  # OpenGL's first row is at the bottom, Qt's at the top
STILL = 2048  # px of the head's picture in a snapshot
_SIZES = ((36, 20, 6), (29, 16, 4))  # px of a floating button, of its icon, and between two
_EDGE = 12  # px between buttons and the view's edges
_MARGIN = 14.0  # mm of margin around the points that give the head's area: for the hair, and for what is between them


class HeadView(QWidget):
    """`problem` says why there is no picture, or is None; `shown` is emitted after each painting."""

    shown = Signal()

    def __init__(self, failed: Callable[[str], None] = lambda reason: None, orbit: Orbit | None = None) -> None:
        """`orbit`: of another view, which moves it."""
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(*((260, 260) if orbit is None else (0, 0)))
        self.orbit = orbit or Orbit()
        self.mirror, self.follow = True, True
        self.problem: str | None = None
        self._failed = failed
        self._stage: Stage | None = None
        self._own: HeadVisual | None = None
        self._avatar: AvatarVisual | None = None
        self._visual: HeadVisual | AvatarVisual | None = None  # the one of them that is shown
        self._ready = False
        self._points: Array = np.zeros((1, 3), np.float32)  # some of the head's, which enclose it
        self._geometry: Drawable | None = None
        self._rotation: Array = np.zeros(3, np.float32)
        self._finish = Finish()
        self._fineness = Fineness()
        self._moved = time.monotonic()
        self.native = HeadCanvas(self.orbit, self._render, self)
        self.native.setToolTip(texts.HEAD_HINT)
        # Queued, so that it arrives after the painting is on the screen.
        self.native.moved.connect(self._refresh)
        self.native.resized.connect(self._refresh)
        self.native.shown.connect(self.shown, Qt.ConnectionType.QueuedConnection)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.native)
        self._buttons = QWidget(self)
        self._floating: list[QToolButton] = []
        self._places = QGridLayout(self._buttons)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._open_stage()

    def add_action(self, action: QAction) -> None:
        """Add a floating button for the action."""
        button = QToolButton()
        button.setObjectName("Float")
        button.setProperty("key", action.objectName())
        button.setDefaultAction(action)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._floating.append(button)
        self._place_buttons()

    def set_theme(self, theme: Theme) -> None:
        self.native.set_colors(rgb(theme.stage_middle), rgb(theme.stage_edge))
        self.set_finish(replace(self._finish, line=rgb(theme.accent), clay=rgb(theme.clay)))

    def set_geometry(self, geometry: Drawable) -> None:
        if self._own is not None:
            if isinstance(geometry, AvatarGeometry):
                if self._avatar is None:  # who wears none needs no programs for it
                    self._avatar = AvatarVisual(finely=self._stage is not None and not self._stage.software)
                self._avatar.set_geometry(geometry)
                self._visual = self._avatar
            else:
                self._own.set_geometry(geometry)
                self._visual = self._own
            self._visual.set_finish(self._finish)
            self._ready, self._geometry = True, geometry
            self._points = geometry.around(geometry.rest)
            self._refresh()

    def set_finish(self, finish: Finish) -> None:
        self._finish = finish
        if self._visual is not None:
            self._visual.set_finish(finish)
        self._refresh()

    @property
    def finish(self) -> Finish:
        return self._finish

    def set_mesh(
        self, vertices: Array, normals: Array, rotation: Array, materials: Mapping[int, Material] = MappingProxyType({})
    ) -> None:
        """Set vertices (V, 3), normals (V, 3), the head's rotation vector (3,), and the `materials` of an avatar that
        its expression changes."""
        if self._visual is not None and self._geometry is not None and self._ready:
            self._visual.set_mesh(vertices, normals)
            if isinstance(self._visual, AvatarVisual):
                self._visual.set_materials(materials)
            self._points, self._rotation = self._geometry.around(vertices), rotation
            self._refresh()

    def set_presence(self, share: float) -> None:
        """Look inactive at 0, where no face is seen; 1 is the usual look."""
        self.native.set_opacity(INACTIVE + (1 - INACTIVE) * share)

    def set_photo(self, image: Image, view: WeakPerspective) -> None:
        if self._visual is not None and self._ready:
            self._visual.set_photo(image, view)

    def set_skin(self, skin: Array | None) -> None:
        """The tone of the skin, sRGB (3,) 0..255, from the next picture on; None: the head's own."""
        if self._visual is not None and self._ready:
            self._visual.set_skin(skin)

    @property
    def renderer(self) -> str:
        """OpenGL's name of the renderer, or empty if there is none."""
        return "" if self._stage is None else self._stage.renderer

    def advance(self) -> None:
        """Move the camera smoothly; call this at the screen's rate."""
        now = time.monotonic()
        if self.orbit.advance(min(now - self._moved, 0.1)):
            self._refresh()
        self._moved = now

    def picture(self) -> QImage:
        """The visible picture, at the screen's resolution."""
        return self.native.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)

    def still(self, side: int = STILL) -> QImage | None:
        """The head by itself, `side` px high and wide on a transparent ground; None if nothing can be drawn."""
        stage, visual = self._stage, self._visual
        if stage is None or visual is None or not self._ready:
            return None
        visual.place(self._to_eye(), _FLIP @ projection(side, side))
        try:
            return stage.picture(QSize(side, side), visual.draw)
        except RuntimeError:  # the driver has no such large pictures
            log.exception("the head cannot be drawn at %d px", side)
            return None
        finally:
            self._refresh()

    def close_canvas(self) -> None:
        self._visual = self._own = self._avatar = None
        self._ready = False
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()

    def _place_buttons(self) -> None:
        """Arrange the buttons in a column on the right; if it is too high, make them smaller, else more columns."""
        room, n = self.height() - 2 * _EDGE, len(self._floating)
        side, icon, gap = next((size for size in _SIZES if n * (size[0] + size[2]) - size[2] <= room), _SIZES[-1])
        rows = max(1, (room + gap) // (side + gap))
        self._places.setSpacing(gap)
        for button in self._floating:
            button.setFixedSize(side, side)
            button.setIconSize(QSize(icon, icon))
        for i, button in enumerate(self._floating):
            # Counted from the right.
            self._places.addWidget(button, i % rows, 9 - i // rows)
        size = self._buttons.sizeHint()
        self._buttons.setGeometry(self.width() - size.width() - _EDGE, _EDGE, size.width(), size.height())
        self._buttons.raise_()
        self._refresh()  # the head is beside them

    def _projection(self, size: QSize) -> Array:
        """For a picture of `size` pixels of the whole view; the head is beside the buttons."""
        taken = self.width() - self._buttons.x() if self._floating else 0
        return projection(size.width(), size.height(), taken * size.width() / max(self.width(), 1))

    def _model_matrix(self) -> Array:
        model = np.eye(4, dtype=np.float32)
        if self.follow:
            turn = matrix_from_vector(self._rotation).astype(np.float32)
            model[:3, :3] = turn
            # Half-way between the centre of the head and the neck, so that it nods without leaving the picture.
            pivot = 0.5 * _NECK + 0.5 * CENTER
            model[:3, 3] = pivot - turn @ pivot
        if self.mirror:
            model[0] *= -1
        return model

    def _open_stage(self) -> None:
        try:
            self._stage = Stage()
            self._visual = self._own = HeadVisual(frugal=self._stage.software)
            self._stage.warm_up(self._own.warm_up)
        except RuntimeError as error:
            self._fail(error)

    def _refresh(self) -> None:
        self.native.refresh(self._area())

    def _to_eye(self) -> Array:
        return self.orbit.shown.matrix() @ self._model_matrix()

    def _area(self) -> QRect:
        """The area of the head in the canvas; even, so that it also covers whole pixels of the finer picture."""
        size = self.native.size()
        to_eye = self._to_eye()
        shape = self._projection(size)
        zoom = np.array([[shape[0, 0]], [-shape[1, 1]]])
        at = (to_eye[:3, :3] @ self._points.T) + to_eye[:3, 3:]  # rows are quicker than columns
        nearness = 1 / np.maximum(-at[2], 1.0)
        aside = np.array([[shape[0, 2]], [0]])
        middle, margin = zoom * at[:2] * nearness - aside, _MARGIN * np.abs(zoom) * nearness
        low, high = (middle - margin).min(1), (middle + margin).max(1)
        scale = np.array([size.width(), size.height()]) / 2
        (x0, y0), (x1, y1) = (1 + low) * scale // 2 * 2, -(-(1 + high) * scale // 2) * 2
        return QRect(int(x0), int(y0), int(x1 - x0), int(y1 - y0)) & QRect(QPoint(0, 0), size)

    def _render(self, area: QRect) -> Rendering | None:
        stage, visual = self._stage, self._visual
        if stage is None or visual is None or not self._ready or area.isEmpty():
            return None
        # Where the CPU draws, a high-resolution screen gets no more pixels than others.
        fine = self._fineness.value if stage.software else self.devicePixelRatioF()
        begun = time.monotonic()
        whole, part = _scaled(QRect(QPoint(0, 0), self.native.size()), fine), _scaled(area, fine)
        try:
            visual.place(self._to_eye(), _FLIP @ self._projection(whole.size()))
            picture = stage.picture(whole.size(), visual.draw, part)
        except RuntimeError as error:
            self._fail(error)
            return None
        place = QRectF(part.x() / fine, part.y() / fine, part.width() / fine, part.height() / fine)
        if stage.software:
            if fine == 1:
                soften(picture)
            if picture.size() != area.size():
                picture = smaller(picture, area.size())
            self._fineness.add(time.monotonic() - begun)
        return picture, place

    def _fail(self, error: RuntimeError) -> None:
        if self.problem is None:
            log.exception("the head cannot be drawn")
            self.problem = str(error)
            self._failed(self.problem)


def _scaled(area: QRect, factor: float) -> QRect:
    """The whole pixels that an area covers at `factor` times the resolution."""
    x0, y0 = math.floor(area.x() * factor), math.floor(area.y() * factor)
    x1, y1 = math.ceil((area.x() + area.width()) * factor), math.ceil((area.y() + area.height()) * factor)
    return QRect(x0, y0, x1 - x0, y1 - y0)
