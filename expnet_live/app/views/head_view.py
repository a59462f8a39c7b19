"""The 3D view: the head on its canvas, mouse and all, with its buttons floating above."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QImage, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget
from vispy import app as vispy_app
from vispy import gloo

from expnet_live.app import texts
from expnet_live.app.head.geometry import HeadGeometry
from expnet_live.app.head.orbit import CENTER, Orbit, projection
from expnet_live.app.head.visual import HeadVisual, Look
from expnet_live.app.theme import Theme, rgb
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.types import Array, Image

SAMPLES = 4
_NECK = np.array([0.0, -85.0, -75.0], np.float32)  # mm: what a head turns round


class HeadView(QWidget):
    """`problem` says why there is no picture, None while there is one."""

    def __init__(self, failed: Callable[[str], None] = lambda reason: None) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, 260)
        self.orbit = Orbit()
        self.mirror, self.follow = True, True
        self.problem: str | None = None
        self._renderer = ""
        self._failed = failed
        self._visual: HeadVisual | None = None
        self._rotation: Array = np.zeros(3, np.float32)
        self._look = Look()
        self._held: tuple[int, Array] | None = None  # the button that is down, and where the mouse was
        self._moved = time.monotonic()
        self._canvas = vispy_app.Canvas(config={"samples": SAMPLES, "depth_size": 24}, show=False, autoswap=False)
        self._canvas.events.draw.connect(self._draw)
        self._canvas.events.mouse_press.connect(self._mouse_pressed)
        self._canvas.events.mouse_release.connect(self._mouse_pressed)
        self._canvas.events.mouse_move.connect(self._mouse_moved)
        self._canvas.events.mouse_wheel.connect(lambda event: self.orbit.zoom(event.delta[1]))
        self._canvas.events.mouse_double_click.connect(lambda event: self.orbit.reset())
        self.native = self._canvas.native
        self.native.setToolTip(texts.HEAD_HINT)
        self.native.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.native)
        self._buttons = QWidget(self)
        self._column = QVBoxLayout(self._buttons)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)

    def add_action(self, action: QAction) -> None:
        """A floating button for it."""
        button = QToolButton()
        button.setObjectName("Float")
        button.setDefaultAction(action)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._column.addWidget(button)
        self._place_buttons()

    def set_theme(self, theme: Theme) -> None:
        self.set_look(
            replace(
                self._look,
                line=rgb(theme.accent),
                middle=rgb(theme.stage_middle),
                edge=rgb(theme.stage_edge),
                clay=rgb(theme.clay),
            )
        )

    def set_geometry(self, geometry: HeadGeometry) -> None:
        self._visual = HeadVisual(geometry)
        self._visual.set_look(self._look)
        self._canvas.update()

    def set_look(self, look: Look) -> None:
        self._look = look
        if self._visual is not None:
            self._visual.set_look(look)
        self._canvas.update()

    @property
    def look(self) -> Look:
        return self._look

    def set_mesh(self, vertices: Array, normals: Array, rotation: Array) -> None:
        """Vertices (V, 3), normals (V, 3), and the head's rotation vector (3,)."""
        if self._visual is not None:
            self._visual.set_mesh(vertices, normals)
            self._rotation = rotation
            self._canvas.update()

    def set_photo(self, image: Image, view: WeakPerspective) -> None:
        if self._visual is not None:
            self._visual.set_photo(image, view)

    @property
    def renderer(self) -> str:
        """Who draws, as OpenGL calls it."""
        return self._renderer

    def advance(self) -> None:
        """To be called at the screen's rate: the camera's soft moves."""
        now = time.monotonic()
        if self.orbit.advance(min(now - self._moved, 0.1)):
            self._canvas.update()
        self._moved = now

    def picture(self) -> QImage:
        """What is seen, at the screen's resolution."""
        image: QImage = self.native.grabFramebuffer()
        return image.convertToFormat(QImage.Format.Format_RGB32)

    def close_canvas(self) -> None:
        self._visual = None
        self._canvas.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()

    def _place_buttons(self) -> None:
        size = self._buttons.sizeHint()
        self._buttons.setGeometry(self.width() - size.width() - 12, 12, size.width(), size.height())
        self._buttons.raise_()

    def _model_matrix(self) -> Array:
        model = np.eye(4, dtype=np.float32)
        if self.follow:
            turn = matrix_from_vector(self._rotation).astype(np.float32)
            model[:3, :3] = turn
            # Half way between the middle of the head and the neck: it nods without leaving the picture.
            pivot = 0.5 * _NECK + 0.5 * CENTER
            model[:3, 3] = pivot - turn @ pivot
        if self.mirror:
            model[0] *= -1
        return model

    def _draw(self, event: object) -> None:
        if not self._renderer:
            self._renderer = str(gloo.gl.glGetParameter(gloo.gl.GL_RENDERER))
        width, height = self._canvas.physical_size
        gloo.set_viewport(0, 0, width, height)
        if self._visual is None:
            gloo.set_clear_color((*self._look.edge, 1.0))
            gloo.clear(color=True, depth=True)
            return
        try:
            self._visual.place(self._model_matrix(), self.orbit.shown.matrix(), projection(width, height))
            self._visual.draw()
        except RuntimeError as error:
            if self.problem is None:
                self.problem = str(error)
                self._failed(self.problem)

    def _mouse_pressed(self, event: object) -> None:
        e: vispy_app.canvas.MouseEvent = event
        self._held = None if e.type == "mouse_release" else (e.button, np.asarray(e.pos, float))

    def _mouse_moved(self, event: object) -> None:
        e: vispy_app.canvas.MouseEvent = event
        if self._held is None:
            return
        button, before = self._held
        self._held = (button, np.asarray(e.pos, float))
        dx, dy = self._held[1] - before
        if button == 1 and "Shift" not in {m.name for m in e.modifiers}:
            self.orbit.drag(float(dx), float(dy))
        else:
            self.orbit.pan(float(dx), float(dy), self.height())
        self._canvas.update()
