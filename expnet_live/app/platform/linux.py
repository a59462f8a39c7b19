"""Linux: is there a display, and Wayland, where vispy's OpenGL works through XWayland alone."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, MutableMapping

_NEEDS_NO_SCREEN = ("offscreen", "minimal", "vnc", "eglfs", "linuxfb")


def prefer_xcb_on_wayland(env: MutableMapping[str, str]) -> None:
    """vispy loads libGL and expects GLX; Qt's Wayland plug-in makes EGL contexts, and the canvas stays black.

    Only where XWayland runs, and never against what the user has set.
    """
    if env.get("WAYLAND_DISPLAY") and env.get("DISPLAY"):
        env.setdefault("QT_QPA_PLATFORM", "xcb")
        env.setdefault("QT_XCB_GL_INTEGRATION", "xcb_glx")


def has_display(env: Mapping[str, str]) -> bool:
    """Qt ends the whole program when it cannot reach its display: ask first."""
    platform = env.get("QT_QPA_PLATFORM", "").split(":")[0]
    if platform in _NEEDS_NO_SCREEN:
        return True
    if env.get("WAYLAND_DISPLAY") and platform in ("", "wayland"):
        return True
    display = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", env.get("DISPLAY", ""))
    # One on another computer is believed.
    return _answers(int(display[1])) if display else bool(env.get("DISPLAY"))


def _answers(number: int) -> bool:
    path = f"/tmp/.X11-unix/X{number}"
    for address in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(2.0)
            try:
                s.connect(address)
            except OSError:
                continue
            return True
    return False
