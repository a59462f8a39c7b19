"""Linux: checks for a display, and handles Wayland, where vispy's OpenGL works only through XWayland."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, MutableMapping

_NEEDS_NO_SCREEN = ("offscreen", "minimal", "vnc", "eglfs", "linuxfb")


def prefer_xcb_on_wayland(env: MutableMapping[str, str]) -> None:
    """Choose X11 on Wayland: vispy expects GLX, but Qt's Wayland plug-in makes EGL contexts, and the canvas stays
    black.

    This applies only if XWayland runs, and never overrides the user's settings.
    """
    if env.get("WAYLAND_DISPLAY") and env.get("DISPLAY"):
        env.setdefault("QT_QPA_PLATFORM", "xcb")
        env.setdefault("QT_XCB_GL_INTEGRATION", "xcb_glx")


def has_display(env: Mapping[str, str]) -> bool:
    """Check for a display first, because Qt ends the whole program if it cannot reach one."""
    platform = env.get("QT_QPA_PLATFORM", "").split(":")[0]
    if platform in _NEEDS_NO_SCREEN:
        return True
    if env.get("WAYLAND_DISPLAY") and platform in ("", "wayland"):
        return True
    display = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", env.get("DISPLAY", ""))
    # A display on another computer is not checked.
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
