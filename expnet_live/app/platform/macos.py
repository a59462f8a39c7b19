"""macOS: we ask for camera permission, because OpenCV cannot on its thread; and cameras in OpenCV's order."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from expnet_live.capture.cameras import CameraInfo


def ask_for_the_camera_ourselves(env: MutableMapping[str, str]) -> None:
    """Keep OpenCV from asking: it would run the main event loop, which it cannot from our capture thread."""
    env.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")


def request_camera(then: Callable[[], None], application: Any = None) -> None:
    """Ask the user the first time; call `then` on the GUI thread after any answer.

    Outside an app bundle, Qt may not ask and reports a refusal, while macOS asks on behalf of the terminal as soon as
    the camera is opened. A camera that is really refused cannot be opened, and its banner says what to do.
    """
    from PySide6.QtCore import QCameraPermission

    _request(QCameraPermission(), then, application)


def request_microphone() -> None:
    """Ask the user the first time. A microphone that is refused cannot be opened, and the recording says what to do."""
    from PySide6.QtCore import QMicrophonePermission

    _request(QMicrophonePermission(), lambda: None)


def _request(permission: Any, then: Callable[[], None], application: Any = None) -> None:
    from PySide6.QtCore import QCoreApplication, QObject, Qt

    application = application or QCoreApplication.instance()
    if application is None or application.checkPermission(permission) != Qt.PermissionStatus.Undetermined:
        then()
        return
    context = application if isinstance(application, QObject) else None
    application.requestPermission(permission, context, lambda _: then())


class CameraLister:
    """Lists the cameras that Qt knows, in OpenCV's order. Create it on the GUI thread; call it on any.

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
