"""Settings that each system needs before a window opens. Each module says why; only the one needed is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, MutableMapping

from expnet_live.app import texts
from expnet_live.capture import cameras
from expnet_live.capture.cameras import CameraInfo
from expnet_live.core.errors import UserError


def prepare(env: MutableMapping[str, str] = os.environ) -> None:
    """Call this before Qt and vispy are imported. Raises UserError if no window can be shown."""
    from expnet_live.app.platform import opencv

    opencv.give_back_qt(env)
    if sys.platform.startswith("linux"):
        from expnet_live.app.platform import linux

        linux.prefer_xcb_on_wayland(env)
        if not linux.has_display(env):
            raise UserError(texts.NO_DISPLAY)
    elif sys.platform == "darwin":
        from expnet_live.app.platform import macos

        macos.ask_for_the_camera_ourselves(env)
    elif sys.platform == "win32":
        from expnet_live.app.platform import windows

        windows.open_cameras_quickly(env)
        windows.be_a_program_of_its_own()


def camera_lister() -> Callable[[], list[CameraInfo]]:
    """The function that lists this system's cameras by name on any thread. Call this on an application's GUI thread."""
    if sys.platform == "darwin":
        from expnet_live.app.platform import macos

        return macos.CameraLister()
    if sys.platform == "win32":
        from expnet_live.app.platform import windows

        return windows.list_cameras
    return cameras.list_cameras


def request_camera(then: Callable[[], None]) -> None:
    """Call `then` once a camera may be opened: at once, or after asking the user."""
    if sys.platform == "darwin":
        from expnet_live.app.platform import macos

        macos.request_camera(then)
    else:
        then()


def request_microphone() -> None:
    """Ask the user for the microphone if this system wants it and has not done so."""
    if sys.platform == "darwin":
        from expnet_live.app.platform import macos

        macos.request_microphone()
