"""Windows: cameras that open slowly, and a taskbar that takes us for Python."""

from __future__ import annotations

from collections.abc import MutableMapping


def open_cameras_quickly(env: MutableMapping[str, str]) -> None:
    """Where DirectShow is not used, Media Foundation spends ten seconds on hardware transforms that we do not need."""
    env.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")


def be_a_program_of_its_own() -> None:
    import ctypes

    windll = getattr(ctypes, "windll", None)
    if windll is not None:
        windll.shell32.SetCurrentProcessExplicitAppUserModelID("expnet-live")
