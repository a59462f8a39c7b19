"""Queries drivers that might crash, in a process of its own.

Run it as `python -m expnet_live.app.platform.probe WHAT`. Each answer is a line of JSON, so that a crash loses none of
the answers before it.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from expnet_live.core.errors import UserError

MODULES = (
    "numpy",
    "cv2",
    "torch",
    "scipy",
    "av",
    "onnxruntime",
    "safetensors",
    "PySide6.QtWidgets",
    "pyqtgraph",
    "vispy",
)
_VENDOR, _RENDERER, _VERSION = 0x1F00, 0x1F01, 0x1F02


def imports() -> Iterator[dict[str, str]]:
    """Which of the packages can be loaded; some need system libraries."""
    for name in MODULES:
        if name == "torch" and find_spec(name) is None:
            continue  # only GPUs, training and the landmark fit need it
        yield {"loading": name}
        try:
            importlib.import_module(name)
        except Exception as error:
            yield {"module": name, "problem": str(error)}


def opengl() -> Iterator[dict[str, str]]:
    """The OpenGL renderer, created in the same way as in the window."""
    from expnet_live.app import platform as platforms

    try:
        platforms.prepare()
    except UserError as error:
        yield {"problem": str(error)}
        return
    from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

    application = QGuiApplication(sys.argv[:1])
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        yield {"problem": "Qt gets no OpenGL context; install or update the graphics driver."}
        return
    gl = context.functions()
    names = {"vendor": _VENDOR, "renderer": _RENDERER, "version": _VERSION}
    yield {name: str(gl.glGetString(number)) for name, number in names.items()}
    context.doneCurrent()
    application.quit()


def cameras() -> Iterator[dict[str, str | int]]:
    """The names of the cameras, without opening any."""
    from expnet_live.app import platform as platforms

    if sys.platform == "darwin":
        from PySide6.QtCore import QCoreApplication

        application = QCoreApplication(sys.argv[:1])
    for camera in platforms.camera_lister()():
        yield {"number": camera.number, "name": camera.name}
    if sys.platform == "darwin":
        application.quit()


QUESTIONS: dict[str, Callable[[], Iterator[dict[str, str]] | Iterator[dict[str, str | int]]]] = {
    "imports": imports,
    "opengl": opengl,
    "cameras": cameras,
}


def main(question: str) -> None:
    for answer in QUESTIONS[question]():
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
