"""The settings for each system: fake system answers let all of these tests run everywhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from expnet_live.app import platform as platforms
from expnet_live.app.platform import linux, macos, opencv, windows
from expnet_live.capture.cameras import CameraInfo
from expnet_live.core.errors import UserError

# --- Windows --------------------------------------------------------------------------------------


def test_windows_offers_each_camera_by_directshow_first() -> None:
    systems = {700: ["HD Webcam", "OBS Virtual Camera"], 1400: ["HD Webcam"]}

    def ask(backend: int) -> list[Any]:
        return [SimpleNamespace(index=i, name=name, backend=backend) for i, name in enumerate(systems[backend])]

    assert windows.list_cameras(ask) == [
        CameraInfo(0, "HD Webcam"),
        CameraInfo(1, "OBS Virtual Camera"),
        CameraInfo(1400, "HD Webcam (Media Foundation)"),
    ]


def test_windows_without_its_package_lists_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2_enumerate_cameras", None)
    assert windows.list_cameras() == []


@pytest.mark.parametrize(("system", "number", "backend"), [("win32", 1, 700), ("win32", 1400, 0), ("linux", 1, 0)])
def test_a_plain_number_means_directshow_on_windows(
    system: str, number: int, backend: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expnet_live.capture.sources import SourceError, camera

    asked: list[tuple[int, ...]] = []

    class Capture:
        def __init__(self, *args: int) -> None:
            asked.append(args)

        def isOpened(self) -> bool:
            return False

        def release(self) -> None:
            pass

    monkeypatch.setattr(camera.cv2, "VideoCapture", Capture)
    monkeypatch.setattr(camera.sys, "platform", system)
    with pytest.raises(SourceError, match=r"^HD Webcam cannot be opened; .*privacy settings"):
        camera.CameraSource(number, label="HD Webcam")
    assert asked == [(number, backend)]


def test_a_camera_is_asked_for_mjpg_before_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    from expnet_live.capture.sources import camera

    asked: list[tuple[int, float]] = []

    class Capture:
        def __init__(self, *args: int) -> None:
            pass

        def isOpened(self) -> bool:
            return True

        def set(self, name: int, value: float) -> bool:
            asked.append((name, value))
            return True

        def get(self, name: int) -> float:
            return 30.0

        def release(self) -> None:
            pass

    monkeypatch.setattr(camera.cv2, "VideoCapture", Capture)
    camera.CameraSource(0, 1280, 720, 60.0).close()
    assert asked[:4] == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 60.0),
    ]


# --- macOS ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Device:
    unique: bytes
    name: str

    def id(self) -> bytes:
        return self.unique

    def description(self) -> str:
        return self.name


class Devices:
    """QMediaDevices, as far as it is used."""

    def __init__(self, *inputs: Device) -> None:
        self.inputs = list(inputs)
        self.videoInputsChanged = self
        self.changed: Callable[[], None] | None = None

    def connect(self, slot: Callable[[], None]) -> None:
        self.changed = slot

    def videoInputs(self) -> list[Device]:
        return self.inputs


def test_macos_counts_cameras_as_opencv_does() -> None:
    devices = Devices(Device(b"6C707041-05AC-0010", "FaceTime HD Camera"), Device(b"0x11400001d6c0103", "USB camera"))
    lister = macos.CameraLister(devices)
    assert lister() == [CameraInfo(0, "USB camera"), CameraInfo(1, "FaceTime HD Camera")]
    del devices.inputs[1]
    assert devices.changed is not None
    devices.changed()
    assert lister() == [CameraInfo(0, "FaceTime HD Camera")]


class Application:
    """QCoreApplication, as far as permissions go."""

    def __init__(self, known: bool) -> None:
        self.known = known
        self.asked: list[Callable[[object], None]] = []

    def checkPermission(self, permission: object) -> object:
        from PySide6.QtCore import Qt

        return Qt.PermissionStatus.Granted if self.known else Qt.PermissionStatus.Undetermined

    def requestPermission(self, permission: object, context: object, then: Callable[[object], None]) -> None:
        self.asked.append(then)


def test_macos_asks_before_the_first_camera_is_opened() -> None:
    opened: list[str] = []
    application = Application(known=False)
    macos.request_camera(lambda: opened.append("first"), application)
    assert opened == [] and len(application.asked) == 1
    application.asked[0](None)
    assert opened == ["first"]
    macos.request_camera(lambda: opened.append("second"), Application(known=True))
    assert opened == ["first", "second"]


# --- Linux ----------------------------------------------------------------------------------------


def test_wayland_goes_through_xwayland_unless_told_otherwise() -> None:
    env = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}
    linux.prefer_xcb_on_wayland(env)
    assert (env["QT_QPA_PLATFORM"], env["QT_XCB_GL_INTEGRATION"]) == ("xcb", "xcb_glx")
    env = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0", "QT_QPA_PLATFORM": "wayland"}
    linux.prefer_xcb_on_wayland(env)
    assert env["QT_QPA_PLATFORM"] == "wayland"
    for env in ({"WAYLAND_DISPLAY": "wayland-0"}, {"DISPLAY": ":0"}):
        before = dict(env)
        linux.prefer_xcb_on_wayland(env)
        assert env == before


@pytest.mark.parametrize(
    ("env", "there"),
    [
        ({}, False),
        ({"DISPLAY": ":4321"}, False),
        ({"DISPLAY": "far.example:0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, False),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
    ],
    ids=["none", "one that does not answer", "remote", "wayland", "wayland refused", "offscreen"],
)
def test_whether_there_is_a_display(env: dict[str, str], there: bool) -> None:
    assert linux.has_display(env) is there


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_no_display_is_told_in_one_sentence_before_qt_is_loaded() -> None:
    with pytest.raises(UserError, match=r"There is no display .* 'expnet-live analyze INPUT --out DIR'") as error:
        platforms.prepare({})
    assert str(error.value).count(". ") == 0


# --- all ------------------------------------------------------------------------------------------


def test_nothing_that_the_user_has_set_is_changed() -> None:
    env = {"OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "1", "OPENCV_AVFOUNDATION_SKIP_AUTH": "0"}
    before = dict(env)
    windows.open_cameras_quickly(env)
    macos.ask_for_the_camera_ourselves(env)
    assert env == before
    empty: dict[str, str] = {}
    windows.open_cameras_quickly(empty)
    macos.ask_for_the_camera_ourselves(empty)
    assert empty == {"OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0", "OPENCV_AVFOUNDATION_SKIP_AUTH": "1"}


def test_opencv_gives_qt_back_its_plugins() -> None:
    env = {"QT_QPA_PLATFORM_PLUGIN_PATH": "cv2/qt/plugins", "QT_QPA_FONTDIR": "cv2/qt/fonts", "HOME": "/home/a"}
    opencv.give_back_qt(env)
    assert env == {"HOME": "/home/a"}


def test_here_cameras_need_no_permission_and_are_listed() -> None:
    if sys.platform == "darwin":
        pytest.skip("macOS asks")
    called: list[bool] = []
    platforms.request_camera(lambda: called.append(True))
    assert called == [True]
    assert all(isinstance(c, CameraInfo) for c in platforms.camera_lister()())
