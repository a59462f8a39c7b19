"""macOS: OpenCV asks for the camera by running the main event loop, which it cannot from our capture thread."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping


def ask_for_the_camera_ourselves(env: MutableMapping[str, str]) -> None:
    env.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")


def request_camera(then: Callable[[], None]) -> None:
    """Asks the user, the first time; calls `then` in the GUI thread when there is an answer, whatever it is."""
    from PySide6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt

    application = QCoreApplication.instance()
    permission = QCameraPermission()
    if application is None or application.checkPermission(permission) != Qt.PermissionStatus.Undetermined:
        then()
        return
    application.requestPermission(permission, QObject(application), lambda _: then())
