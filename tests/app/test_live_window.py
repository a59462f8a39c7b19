"""The window's sources, network and person."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import Plug, Puppet
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QPushButton
from seen import LONG, banners, pixels, press
from waiting import PATIENCE

from expnet_live.app import settings, texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.choices import Choices
from expnet_live.app.widgets.banners import Banner
from expnet_live.capture.cameras import CameraInfo
from expnet_live.capture.sources import Source
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.paths import asset
from expnet_live.live import capture_worker as capture

# --- sources --------------------------------------------------------------------------------------


def test_first_start_with_a_camera(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window(source=None)
    qtbot.waitUntil(lambda: window.controller.cameras.cameras is not None, timeout=LONG)
    window.controller.sources.begin()
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    qtbot.waitUntil(lambda: window.parts.controls.source.currentText() == "Front camera", timeout=LONG)
    assert banners(window) == {} and not window.parts.transport.isVisible()
    assert window.parts.controls.resolution.isVisible()


def test_first_start_without_a_camera(
    qtbot: Any, open_window: Callable[..., MainWindow], cameras: list[CameraInfo]
) -> None:
    cameras.clear()
    window = open_window(source=None)
    qtbot.waitUntil(lambda: window.controller.cameras.cameras is not None, timeout=LONG)
    window.controller.sources.begin()
    qtbot.waitUntil(lambda: "no camera" in banners(window), timeout=LONG)
    assert window.controller.spec == SourceSpec.demo()
    qtbot.waitUntil(lambda: window.parts.controls.source.currentText() == texts.DEMO, timeout=LONG)
    cameras.append(CameraInfo(3, "New camera"))
    window.controller.cameras.look_again()
    qtbot.waitUntil(lambda: "camera found" in banners(window), timeout=LONG)
    assert "New camera" in banners(window)["camera found"] and "no camera" not in banners(window)
    press(qtbot, window.parts.banners, texts.USE_IT)
    assert window.controller.spec == SourceSpec.camera(3)


def test_who_looks_for_cameras_gets_an_answer(
    qtbot: Any, open_window: Callable[..., MainWindow], cameras: list[CameraInfo]
) -> None:
    """Without one, the button of the banner made the banner go, and nothing else happened."""
    found = list(cameras)
    cameras.clear()
    window = open_window(source=None)
    qtbot.waitUntil(lambda: window.controller.cameras.cameras is not None, timeout=LONG)
    window.controller.sources.begin()
    qtbot.waitUntil(lambda: "no camera" in banners(window), timeout=LONG)
    press(qtbot, window.parts.banners, texts.SHOW_SOURCES)
    qtbot.waitUntil(lambda: banners(window).get("no camera") == texts.CAMERAS_NONE, timeout=LONG)
    cameras += found
    press(qtbot, window.parts.banners, texts.SHOW_SOURCES)
    qtbot.waitUntil(lambda: "camera found" in banners(window), timeout=LONG)
    window.actions_["refresh"].trigger()
    there = texts.CAMERAS_THERE.format(names="Front camera, Desk camera")
    qtbot.waitUntil(lambda: banners(window).get("no camera") == there, timeout=LONG)


def test_a_list_of_cameras_that_comes_late(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    answer = threading.Event()

    def slow() -> list[CameraInfo]:
        answer.wait(PATIENCE)
        return [CameraInfo(4, "Slow camera")]

    window = open_window(source=None, lister=slow)
    window.controller.sources.begin()
    qtbot.waitUntil(lambda: window.controller.state is not None, timeout=LONG)
    assert window.controller.spec == SourceSpec.demo() and banners(window) == {}
    answer.set()
    qtbot.waitUntil(lambda: window.controller.spec == SourceSpec.camera(4), timeout=LONG)
    assert window.controller.spec.name == "Slow camera" and banners(window) == {}


def test_a_camera_is_known_by_its_name(
    qtbot: Any, open_window: Callable[..., MainWindow], cameras: list[CameraInfo]
) -> None:
    first = open_window(source=None)
    qtbot.waitUntil(lambda: first.controller.cameras.cameras is not None, timeout=LONG)
    first.show_state()
    first.parts.controls.source.activated.emit(1)
    assert first.controller.choices.camera == "Desk camera"
    first.close()
    cameras[:] = [CameraInfo(0, "Front camera"), CameraInfo(2, "New camera"), CameraInfo(5, "Desk camera")]
    second = open_window(source=None)
    qtbot.waitUntil(lambda: second.controller.cameras.cameras is not None, timeout=LONG)
    second.controller.sources.begin()
    assert second.controller.spec == SourceSpec.camera(5) and second.controller.spec.name == "Desk camera"


def test_a_camera_waits_for_its_permission(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    asked: list[Callable[[], None]] = []
    window = open_window(source=SourceSpec.demo(), permit=asked.append)
    window.controller.sources.use(window.controller.sources.camera(0))
    assert window.controller.engine.capture.spec == SourceSpec.demo()
    window.controller.sources.use(window.controller.sources.camera(2))
    for answered in asked:
        answered()
    assert window.controller.engine.capture.spec == SourceSpec.camera(2)
    assert window.controller.engine.capture.generation == 2  # the first was not opened any more


def test_sources_are_switched(qtbot: Any, window: MainWindow) -> None:
    source = window.parts.controls.source
    wanted = ["Front camera", "Desk camera", texts.DEMO, texts.SOURCE_FILE]
    qtbot.waitUntil(lambda: [source.itemText(i) for i in range(source.count())] == wanted, timeout=LONG)
    source.setCurrentIndex(1)
    source.activated.emit(1)
    qtbot.waitUntil(lambda: window.controller.state.captured.frame.source == "camera2", timeout=LONG)
    window.actions_["demo"].trigger()
    qtbot.waitUntil(lambda: window.controller.state.captured.generation == 3, timeout=LONG)
    assert window.parts.transport.isVisible() and source.currentText() == texts.DEMO


def test_camera_is_lost_and_returns(
    qtbot: Any, window: MainWindow, plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "RETRY", 0.02)
    plug.inserted = False
    qtbot.waitUntil(lambda: "source" in banners(window), timeout=LONG)
    assert "connect it" in banners(window)["source"]
    assert window.controller.state.faces  # the last state is held
    plug.inserted = True
    qtbot.waitUntil(lambda: "source" not in banners(window), timeout=LONG)
    assert "is back" in banners(window)["camera back"]


def test_file_that_cannot_be_played(qtbot: Any, open_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    from expnet_live.capture.sources import open_spec

    window = open_window(SourceSpec.demo(), open_=open_spec)
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    window.controller.sources.use(SourceSpec.file(tmp_path / "broken.mp4"))
    qtbot.waitUntil(lambda: "source" in banners(window), timeout=LONG)
    assert "not a video" in banners(window)["source"]


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(300, 300), copy, data, left, plain))


def test_a_dropped_file_that_cannot_be_played_costs_neither_picture_nor_recording(
    qtbot: Any, open_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    from expnet_live.capture.sources import open_spec

    window = open_window(SourceSpec.demo(), open_=open_spec)
    controller, recording = window.controller, window.controller.recording
    qtbot.waitUntil(lambda: window.actions_["record"].isEnabled(), timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: recording.recorder is not None and recording.recorder.seconds > 0.2, timeout=LONG)
    (tmp_path / "notes.txt").write_text("shopping")
    drop(window, tmp_path / "notes.txt")
    qtbot.waitUntil(lambda: "file" in banners(window), timeout=LONG)
    assert "notes.txt" in banners(window)["file"]
    assert recording.active and controller.window_state.source == SourceSpec.demo()
    assert controller.choices.spec != SourceSpec.file(tmp_path / "notes.txt")
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(asset("demo.mp4").read_bytes())
    drop(window, copy)
    qtbot.waitUntil(lambda: controller.window_state.source == SourceSpec.file(copy), timeout=LONG)
    qtbot.waitUntil(lambda: "record" in banners(window), timeout=LONG)
    assert "another source was chosen" in banners(window)["record"]
    assert "file" not in banners(window)


# --- network and person ---------------------------------------------------------------------------


def test_failing_network_is_a_banner(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.error = RuntimeError("the card is gone")
    qtbot.waitUntil(lambda: "model" in banners(window), timeout=LONG)
    assert "the card is gone" in banners(window)["model"]
    puppet.error = None
    press(qtbot, window.parts.banners, texts.TRY_AGAIN)
    qtbot.waitUntil(lambda: "model" not in banners(window), timeout=LONG)
    qtbot.waitUntil(lambda: window.controller.state.processed, timeout=LONG)


def test_broken_capture_is_a_banner(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    def broken(spec: SourceSpec) -> Source:
        raise ZeroDivisionError("a driver that divides by zero")

    window = open_window(open_=broken)
    qtbot.waitUntil(lambda: "source" in banners(window), timeout=LONG)
    assert "divides by zero" in banners(window)["source"] and "log" in banners(window)["source"]
    (banner,) = window.parts.banners.findChildren(Banner)
    assert [b.text() for b in banner.findChildren(QPushButton)] == [texts.PLAY_DEMO]


def test_what_nobody_caught_is_a_banner(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    from expnet_live.app import logs

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.catch_unforeseen(window.controller.tell_unforeseen)
    try:
        raise ValueError("an odd value")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    qtbot.waitUntil(lambda: "unforeseen" in banners(window), timeout=LONG)
    assert "an odd value" in banners(window)["unforeseen"] and "Traceback" not in banners(window)["unforeseen"]


def test_several_faces(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet, store: Any, tmp_path: Path
) -> None:
    settings.save_choices(store, Choices(max_faces=2))
    puppet.faces = 2
    window = open_window()
    assert window.parts.controls.faces.currentText() == texts.FACE_COUNTS[2]
    qtbot.waitUntil(
        lambda: window.controller.state is not None and len(window.controller.state.faces) == 2, timeout=LONG
    )
    first, second = (f.state.box.x for f in window.controller.state.faces)
    assert abs(second - first) > 80
    # Both are framed in the camera's picture, which is grey but for that.
    qtbot.waitUntil(lambda: len(window.parts.camera.faces) == 2, timeout=LONG)
    picture = pixels(window.parts.camera.grab().toImage())
    colored = np.ptp(picture, axis=2) > 60
    middle = picture.shape[1] // 2
    assert colored[:, :middle].sum() > 50 and colored[:, middle:].sum() > 50
    qtbot.waitUntil(lambda: window.controller.prepared is not None, timeout=LONG)
    window.commands.snapshot_folder = tmp_path / "shots"
    window.actions_["snapshot"].trigger()
    qtbot.waitUntil(lambda: "snapshot" in banners(window), timeout=LONG)
    (folder,) = (tmp_path / "shots").iterdir()
    assert {p.name for p in folder.glob("head*.glb")} == {"head.glb", "head2.glb"}


def test_calibration_changes_the_neutral_and_keeps_blinks(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.show(jawOpen=0.9)
    qtbot.keyClick(window, Qt.Key.Key_N)
    parts = window.parts
    qtbot.waitUntil(lambda: parts.controls.neutral.text() == parts.camera.note == texts.CALIBRATING, timeout=LONG)
    qtbot.waitUntil(lambda: "calibration" in banners(window), timeout=LONG)
    assert "Default" in banners(window)["calibration"]
    model = puppet.model
    puppet.show(jawOpen=0.9, eyeBlinkLeft=2.5)

    def shown() -> bool:
        expression = window.controller.state.faces[0].expression
        return abs(expression[model.index("jawOpen")]) < 0.1 and expression[model.index("eyeBlinkLeft")] > 2.3

    qtbot.waitUntil(shown, timeout=LONG)
    qtbot.waitUntil(lambda: window.controller.profiles.load("Default").calibrated, timeout=LONG)
    kept = window.controller.profiles.load("Default")
    # The camera's picture is as bright as skin.
    assert kept.skin is not None and kept.skin.mean() > 100
    window.actions_["forget"].trigger()
    qtbot.waitUntil(lambda: window.controller.state.faces[0].expression[model.index("jawOpen")] > 0.8, timeout=LONG)


def test_gain_of_a_bar(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.show(jawOpen=1.0)
    window.controller.set_gain("jawOpen", 2.0)
    jaw = puppet.model.index("jawOpen")
    qtbot.waitUntil(lambda: abs(window.controller.state.faces[0].expression[jaw] - 2.0) < 0.05, timeout=LONG)
    qtbot.waitUntil(lambda: window.controller.profiles.load("Default").gains == {"jawOpen": 2.0}, timeout=LONG)
