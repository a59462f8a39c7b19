"""Windows: cameras that open slowly, names that do not match OpenCV's numbers, and the taskbar's application id."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, MutableMapping
from importlib import import_module
from typing import Any

from expnet_live.capture.cameras import CameraInfo

log = logging.getLogger(__name__)

# OpenCV's numbers for the backends; it expects their sum with a camera's number.
_DIRECT_SHOW, _MEDIA_FOUNDATION = 700, 1400


def open_cameras_quickly(env: MutableMapping[str, str]) -> None:
    """Switch off Media Foundation's hardware transforms, which take ten seconds and which we do not need."""
    env.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")


def be_a_program_of_its_own() -> None:
    import ctypes

    windll = getattr(ctypes, "windll", None)
    if windll is not None:
        windll.shell32.SetCurrentProcessExplicitAppUserModelID("expnet-live")


def list_cameras(ask: Callable[[int], Iterable[Any]] | None = None) -> list[CameraInfo]:
    """List DirectShow's cameras first, which open at once, then Media Foundation's, for drivers that work only with it.

    Each backend numbers cameras on its own, and Qt opens every camera to list it and leaves out the busy ones, so its
    names do not match OpenCV's numbers. `ask(backend)` is enumerate_cameras of cv2-enumerate-cameras, which opens none.
    """
    if ask is None:
        try:
            module = import_module("cv2_enumerate_cameras")
        except ImportError:
            log.warning("cameras are not listed: cv2-enumerate-cameras is missing")
            return []
        return list_cameras(module.enumerate_cameras)
    # A plain number means DirectShow; see CameraSource.
    direct = [CameraInfo(c.index, c.name) for c in ask(_DIRECT_SHOW)]
    media = [CameraInfo(_MEDIA_FOUNDATION + c.index, f"{c.name} (Media Foundation)") for c in ask(_MEDIA_FOUNDATION)]
    return [*direct, *media]
