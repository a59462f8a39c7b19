"""An off-screen OpenGL context, whose drawing becomes a picture for Qt's painter.

A QOpenGLWidget would make Qt compose the whole window with OpenGL, thirty times per second. With a software renderer,
this takes longer than the head itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat
from shiboken6 import VoidPtr
from vispy import gloo
from vispy.gloo.context import FakeCanvas, get_current_canvas, set_current_canvas

_SAMPLES = 4  # samples per pixel on a graphics card
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic", "basic render")


class Stage:
    """`renderer` is OpenGL's name of the renderer; `software` says whether it is the CPU.

    Raises RuntimeError with the reason if there is no OpenGL.
    """

    def __init__(self) -> None:
        wanted = QSurfaceFormat()
        wanted.setVersion(2, 1)
        self._context = QOpenGLContext()
        self._context.setFormat(wanted)
        if not self._context.create():
            raise RuntimeError("there is no OpenGL driver")
        self._surface = QOffscreenSurface()
        self._surface.setFormat(self._context.format())
        self._surface.create()
        self._target: QOpenGLFramebufferObject | None = None
        self._resolved: QOpenGLFramebufferObject | None = None
        self._canvas = FakeCanvas()
        self._enter()
        self.renderer = str(gloo.gl.glGetParameter(gloo.gl.GL_RENDERER))
        self.software = any(name in self.renderer.lower() for name in _SOFTWARE)

    def picture(self, size: QSize, draw: Callable[[], None], part: QRect | None = None) -> QImage:
        """The `part` (default: all) of a drawing by `draw` on `size` pixels; premultiplied, transparent where it is
        empty.

        OpenGL's first row, the lowest one, becomes the picture's top row.
        """
        part = part or QRect(QPoint(0, 0), size)
        self._enter()
        target, resolved = self._targets(size)
        target.bind()
        gloo.set_viewport(0, 0, size.width(), size.height())
        gloo.set_state(depth_test=True, blend=False, clear_color=(0, 0, 0, 0))
        gloo.clear(color=True, depth=True)
        draw()
        self._canvas.flush()
        if resolved is not target:
            QOpenGLFramebufferObject.blitFramebuffer(resolved, target)
            resolved.bind()
        image = QImage(part.size(), QImage.Format.Format_ARGB32_Premultiplied)
        pixels: Any = VoidPtr(image.bits(), writeable=True)  # type: ignore[call-arg, arg-type]
        kind = gloo.gl.GL_RGBA, gloo.gl.GL_UNSIGNED_BYTE
        self._context.functions().glReadPixels(part.x(), part.y(), part.width(), part.height(), *kind, pixels)
        return image

    def warm_up(self, draw: Callable[[], None]) -> None:
        """Draw once in advance, because the driver compiles programs when they first draw."""
        self.picture(QSize(8, 8), draw)

    def close(self) -> None:
        if self._context.makeCurrent(self._surface):
            self._target = self._resolved = None
            self._context.doneCurrent()
        self._surface.destroy()

    def _enter(self) -> None:
        if not self._context.makeCurrent(self._surface):
            raise RuntimeError("the OpenGL context was lost")
        if get_current_canvas() is not self._canvas:
            set_current_canvas(self._canvas)
        self._canvas.flush()  # do this before our target is bound, because vispy first binds the surface's

    def _targets(self, size: QSize) -> tuple[QOpenGLFramebufferObject, QOpenGLFramebufferObject]:
        if self._target is None or self._resolved is None or self._target.size() != size:
            form = QOpenGLFramebufferObjectFormat()
            form.setAttachment(QOpenGLFramebufferObject.Attachment.Depth)
            form.setSamples(0 if self.software else _SAMPLES)
            self._target = QOpenGLFramebufferObject(size, form)
            plain = self._target.format().samples() == 0
            self._resolved = self._target if plain else QOpenGLFramebufferObject(size)
            if not self._target.isValid():
                raise RuntimeError("the OpenGL driver has no framebuffers")
        return self._target, self._resolved
