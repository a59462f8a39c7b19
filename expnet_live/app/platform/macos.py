"""macOS: the camera is asked for by us, not by OpenCV on a thread that cannot, and OpenCV's order of cameras."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from expnet_live.capture.cameras import CameraInfo


def ask_for_the_camera_ourselves(env: MutableMapping[str, str]) -> None:
    """OpenCV asks by running the main event loop, which it cannot from our capture thread: it must not try."""
    env.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")


def request_camera(then: Callable[[], None], application: Any = None) -> None:
    """Asks the user, the first time; calls `then` in the GUI thread when there is an answer.

    Whatever it is: outside an app bundle Qt may not ask and says no, while macOS asks for the terminal as soon as the
    camera is opened. A camera that is truly refused cannot be opened, and its banner says what to do.
    """
    from PySide6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt

    application = application or QCoreApplication.instance()
    permission = QCameraPermission()
    if application is None or application.checkPermission(permission) != Qt.PermissionStatus.Undetermined:
        then()
        return
    context = application if isinstance(application, QObject) else None
    application.requestPermission(permission, context, lambda _: then())


class CameraLister:
    """Lists the cameras that Qt knows, in OpenCV's order. To be made on the GUI thread, and called on any.

    OpenCV (cap_avfoundation_mac.mm) sorts by AVFoundation's unique ids, which are Qt's ids; Qt puts the default first.
    """

    def __init__(self, devices: Any = None) -> None:
        if devices is None:
            from PySide6.QtMultimedia import QMediaDevices

            devices = QMediaDevices()
        self._devices = devices
        self._devices.videoInputsChanged.connect(self._read)
        self._read()

    def __call__(self) -> list[CameraInfo]:
        return self._cameras

    def _read(self) -> None:
        devices = sorted(self._devices.videoInputs(), key=lambda d: bytes(d.id()))
        self._cameras = [CameraInfo(i, d.description()) for i, d in enumerate(devices)]
