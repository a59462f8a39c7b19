"""The window as a person uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import Plug, Puppet
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from expnet_live.app import texts
from expnet_live.app.window import MainWindow
from expnet_live.live import capture
from expnet_live.live.cameras import CameraInfo
from expnet_live.live.spec import SourceSpec
from expnet_live.types import Array

LONG = 20_000  # ms that a busy machine may need


def pixels(image: QImage) -> Array:
    """RGB (H, W, 3) float."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(float)


def head(qtbot: Any, window: MainWindow, puppet: Puppet, **coefficients: float) -> Array:
    """The head's picture when it shows those coefficients."""
    puppet.show(**coefficients)
    names, wanted = puppet.model.names, puppet.expression

    def there() -> bool:
        state = window.controller.state
        # The head itself comes from a thread of its own, perhaps after the first face.
        if window.presenter.first_face is None:
            return False
        return state is not None and bool(state.faces) and np.allclose(state.faces[0].expression, wanted, atol=0.05)

    qtbot.waitUntil(there, timeout=LONG)
    assert len(names) == len(wanted)
    return pixels(window.parts.head.picture())


def banners(window: MainWindow) -> dict[str, str]:
    return window.parts.banners.texts


# --- the picture ----------------------------------------------------------------------------------


def test_the_head_is_there_and_moves_its_face(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    window.actions_["follow"].setChecked(False)
    rest = head(qtbot, window, puppet)
    h, w = rest.shape[:2]
    middle, corner = rest[int(0.4 * h) : int(0.6 * h), int(0.45 * w) : int(0.55 * w)], rest[:20, :20]
    red = middle.mean((0, 1))
    assert red[0] > red[2] + 25 and red[0] > 110  # skin
    assert corner.mean() < 60

    from expnet_live.app.head.orbit import projection

    def at(point: int) -> tuple[int, int]:
        """Where one of the base points is in the picture."""
        place = np.append(puppet.model.mean[point], 1.0)
        seen = projection(w, h) @ window.parts.head.orbit.shown.matrix() @ place
        return int((1 + seen[0] / seen[3]) / 2 * w), int((1 - seen[1] / seen[3]) / 2 * h)

    def change(picture: Array, point: int, size: int = 14) -> float:
        x, y = at(point)
        part = (slice(y - size, y + size), slice(x - size, x + size))
        return float(np.abs(picture[part] - rest[part]).mean())

    jaw = head(qtbot, window, puppet, jawOpen=2.5)
    assert change(jaw, 14) > 12 > 3 > change(jaw, 10)
    blink = head(qtbot, window, puppet, eyeBlinkLeft=2.5, eyeBlinkRight=2.5)
    assert change(blink, 159, 7) > 12 > 3 > change(blink, 199)


def test_looks_of_the_head_differ(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    window.actions_["follow"].setChecked(False)
    plain = head(qtbot, window, puppet)
    for key in ("wireframe", "painted", "hair"):
        window.actions_[key].trigger()
        qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - plain).mean() > 1, timeout=LONG)
        window.actions_[key].trigger()
    qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - plain).mean() < 0.5, timeout=LONG)


def test_orbit_pan_zoom_and_reset(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    view = window.parts.head
    window.actions_["follow"].setChecked(False)
    front = head(qtbot, window, puppet)
    native = view.native
    middle = native.rect().center()
    QTest.mousePress(native, Qt.MouseButton.LeftButton, pos=middle)
    for step in range(1, 8):
        before = view.orbit.wanted.yaw
        # VisPy leaves out moves that come too quickly.
        qtbot.waitUntil(lambda: _drag(native, middle + _right(10 * step)) or view.orbit.wanted.yaw > before)  # noqa: B023
    QTest.mouseRelease(native, Qt.MouseButton.LeftButton, pos=middle + _right(70))
    assert view.orbit.wanted.yaw > 0.2
    assert np.abs(pixels(view.picture()) - front).mean() > 3
    window.actions_["reset_view"].trigger()
    qtbot.waitUntil(lambda: view.orbit.shown == view.orbit.wanted, timeout=LONG)
    assert view.orbit.shown.yaw == 0
    assert np.abs(pixels(view.picture()) - front).mean() < 0.5


def _right(x: int) -> QPoint:
    return QPoint(x, 0)


def _drag(widget: QWidget, to: QPoint) -> None:
    """A move with the left button held, which QTest cannot say."""
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    at = QPointF(to)
    event = QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), none, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def test_mirror_turns_the_head(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.rotation = np.array([0, 0.5, 0], np.float32)
    yaw = 1
    qtbot.waitUntil(
        lambda: (
            bool(window.controller.state.faces) and window.controller.state.faces[0].state.pose.rotation[yaw] > 0.49
        ),
        timeout=LONG,
    )
    mirrored = pixels(window.parts.head.picture())
    window.actions_["mirror"].trigger()
    plain = pixels(window.parts.head.picture())
    assert np.abs(plain - mirrored).mean() > 3
    # The light stays where it is, so that the pictures mirror each other only roughly.
    assert np.abs(plain[:, ::-1] - mirrored).mean() < 0.7 * np.abs(plain - mirrored).mean()


# --- sources --------------------------------------------------------------------------------------


def test_first_start_with_a_camera(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window(source=None)
    qtbot.waitUntil(lambda: window.controller.cameras.cameras is not None, timeout=LONG)
    window.controller.begin()
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    assert window.parts.controls.source.currentText() == "Front camera"
    assert banners(window) == {} and not window.parts.transport.isVisible()
    assert window.parts.controls.resolution.isVisible()


def test_first_start_without_a_camera(
    qtbot: Any, open_window: Callable[..., MainWindow], cameras: list[CameraInfo]
) -> None:
    cameras.clear()
    window = open_window(source=None)
    qtbot.waitUntil(lambda: window.controller.cameras.cameras is not None, timeout=LONG)
    window.controller.begin()
    qtbot.waitUntil(lambda: "no camera" in banners(window), timeout=LONG)
    assert window.controller.spec == SourceSpec.demo()
    assert window.parts.controls.source.currentText() == texts.DEMO
    cameras.append(CameraInfo(3, "New camera"))
    window.controller.cameras.look_again()
    qtbot.waitUntil(lambda: "camera found" in banners(window), timeout=LONG)
    assert "New camera" in banners(window)["camera found"] and "no camera" not in banners(window)
    window.commands.banner("use-3")
    assert window.controller.spec == SourceSpec.camera(3)


def test_a_list_of_cameras_that_comes_late(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    answer = threading.Event()

    def slow() -> list[CameraInfo]:
        answer.wait(30)
        return [CameraInfo(4, "Slow camera")]

    window = open_window(source=None, lister=slow)
    window.controller.begin()
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
    first.show_choices()
    first.parts.controls.source.activated.emit(1)
    assert first.controller.choices.camera == "Desk camera"
    first.close()
    cameras[:] = [CameraInfo(0, "Front camera"), CameraInfo(2, "New camera"), CameraInfo(5, "Desk camera")]
    second = open_window(source=None)
    qtbot.waitUntil(lambda: second.controller.cameras.cameras is not None, timeout=LONG)
    second.controller.begin()
    assert second.controller.spec == SourceSpec.camera(5) and second.controller.spec.name == "Desk camera"


def test_a_camera_waits_for_its_permission(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    asked: list[Callable[[], None]] = []
    window = open_window(source=SourceSpec.demo(), permit=asked.append)
    window.controller.use_source(window.controller.camera(0))
    assert window.controller.engine.capture.spec == SourceSpec.demo()
    window.controller.use_source(window.controller.camera(2))
    for answered in asked:
        answered()
    assert window.controller.engine.capture.spec == SourceSpec.camera(2)
    assert window.controller.engine.capture.generation == 2  # the first was not opened any more


def test_sources_are_switched(qtbot: Any, window: MainWindow) -> None:
    source = window.parts.controls.source
    assert [source.itemText(i) for i in range(source.count())] == [
        "Front camera", "Desk camera", texts.DEMO, texts.SOURCE_FILE,
    ]  # fmt: skip
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


def test_file_that_cannot_be_played(qtbot: Any, window: MainWindow, tmp_path: Path) -> None:
    from expnet_live.live.capture import open_spec

    window.controller.engine._open = open_spec
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    window.commands.open_path(str(tmp_path / "broken.mp4"))
    qtbot.waitUntil(lambda: "source" in banners(window), timeout=LONG)
    assert "not a video" in banners(window)["source"]


# --- network and person ---------------------------------------------------------------------------


def test_failing_network_is_a_banner(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.error = RuntimeError("the card is gone")
    qtbot.waitUntil(lambda: "model" in banners(window), timeout=LONG)
    assert "the card is gone" in banners(window)["model"]
    puppet.error = None
    window.commands.banner("retry")
    qtbot.waitUntil(lambda: "model" not in banners(window), timeout=LONG)
    qtbot.waitUntil(lambda: window.controller.state.processed, timeout=LONG)


def test_calibration_changes_the_neutral_and_keeps_blinks(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.show(jawOpen=0.9)
    qtbot.keyClick(window, Qt.Key.Key_N)
    print(
        "CAL",
        window.controller.engine.inference.calibrating,
        window.controller.engine.inference.life,
        window.controller.state.faces[0].state.confidence,
    )
    qtbot.waitUntil(lambda: "calibration" in banners(window), timeout=LONG)
    assert "Default" in banners(window)["calibration"]
    model = puppet.model
    puppet.show(jawOpen=0.9, eyeBlinkLeft=2.5)

    def shown() -> bool:
        expression = window.controller.state.faces[0].expression
        return abs(expression[model.index("jawOpen")]) < 0.1 and expression[model.index("eyeBlinkLeft")] > 2.3

    qtbot.waitUntil(shown, timeout=LONG)
    assert window.controller.profiles.load("Default").calibrated
    window.actions_["forget"].trigger()
    qtbot.waitUntil(lambda: window.controller.state.faces[0].expression[model.index("jawOpen")] > 0.8, timeout=LONG)


def test_gain_of_a_bar(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.show(jawOpen=1.0)
    window.commands._set_gain("jawOpen", 2.0)
    jaw = puppet.model.index("jawOpen")
    qtbot.waitUntil(lambda: abs(window.controller.state.faces[0].expression[jaw] - 2.0) < 0.05, timeout=LONG)
    assert window.controller.profiles.load("Default").gains == {"jawOpen": 2.0}


# --- the rest of the window -----------------------------------------------------------------------


def test_a_click_on_a_bar_makes_a_curve(qtbot: Any, window: MainWindow) -> None:
    bars = window.parts.bars
    qtbot.waitUntil(lambda: len(bars._names) == 29, timeout=LONG)
    before = window.controller.choices.curves
    row = bars.height() / 29
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(30, int(3.5 * row)))
    assert window.controller.choices.curves == (*before, bars._names[3])
    assert bars._names[3] in window.parts.curves._curves
    qtbot.waitUntil(lambda: window.parts.curves._curves[bars._names[3]].getData()[0] is not None, timeout=LONG)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(30, int(3.5 * row)))
    assert window.controller.choices.curves == before


def test_themes(qtbot: Any, window: MainWindow) -> None:
    for name, bright in (("light", True), ("dark", False)):
        window.set_appearance(name)
        assert window.theme.name == name
        picture = pixels(window.grab().toImage())
        # Panels and the stage behind the head.
        assert (picture[window.height() - 60, 60].mean() > 128) == bright
        assert (pixels(window.parts.head.picture())[:10, :10].mean() > 128) == bright


def test_shortcuts_are_listed_and_work(qtbot: Any, window: MainWindow) -> None:
    from expnet_live.app.views.sheets import Sheet

    keys = [a.shortcut().toString() for a in window.actions_.all() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) > 12
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (sheet,) = window.findChildren(Sheet)
    assert {label.text() for label in sheet.findChildren(QLabel)} >= {"Space", "F1", "Ctrl+O"}
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(Sheet), timeout=LONG)
    for key, name in ((Qt.Key.Key_W, "wireframe"), (Qt.Key.Key_M, "mirror"), (Qt.Key.Key_H, "follow")):
        before = getattr(window.controller.choices, name)
        qtbot.keyClick(window, key)
        assert getattr(window.controller.choices, name) is not before
    qtbot.keyClick(window, Qt.Key.Key_O)
    assert window.parts.camera.overlay == "mesh"


def test_choices_and_layout_persist(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    first = open_window()
    first.set_appearance("light")
    first.actions_["wireframe"].trigger()
    first.actions_["mirror"].trigger()
    first.parts.docks["curves"].hide()
    first.commands._choose(span=60, overlay="box")
    first.controller.change(smoothing="stable")
    first.resize(1000, 700)
    first.close()
    second = open_window()
    choices = second.controller.choices
    assert (choices.theme, choices.wireframe, choices.mirror, choices.span) == ("light", True, False, 60)
    assert (choices.overlay, choices.smoothing) == ("box", "stable")
    assert second.theme.name == "light" and second.parts.docks["curves"].isHidden()
    assert (second.width(), second.height()) == (1000, 700)
    assert second.actions_["wireframe"].isChecked() and second.controller.choices.source == "0"
    second.actions_["reset_layout"].trigger()
    assert second.parts.docks["curves"].isVisible()


def test_snapshot(qtbot: Any, window: MainWindow, puppet: Puppet, tmp_path: Path) -> None:
    window.commands.snapshot_folder = tmp_path / "shots"
    qtbot.waitUntil(lambda: window.controller.prepared is not None, timeout=LONG)
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: "snapshot" in banners(window), timeout=LONG)
    (folder,) = (tmp_path / "shots").iterdir()
    pictures = {"window.png", "camera.png", "head.png", "expression.png", "curves.png"}
    assert {p.name for p in folder.iterdir()} == {*pictures, "head.ply", "head.obj", "head.glb"}
    assert QImage(str(folder / "window.png")).size() == window.size() * window.devicePixelRatioF()
    for name in pictures:
        assert pixels(QImage(str(folder / name))).std() > 4, name  # not of one colour
    import trimesh

    shown = window.controller.faces[0].vertices
    for suffix, size in ((".ply", 1.0), (".obj", 1.0), (".glb", 0.001)):
        mesh = trimesh.load_mesh(folder / f"head{suffix}", process=False)
        assert mesh.faces.shape == puppet.model.triangles.shape
        assert np.allclose(np.ptp(mesh.vertices, axis=0), size * np.ptp(shown, axis=0), rtol=1e-3)
    window.commands.snapshot_folder = tmp_path / "file"
    (tmp_path / "file").touch()
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: "cannot be saved" in banners(window).get("snapshot", ""), timeout=LONG)


def test_closing_is_quick_with_a_camera_that_hangs(qtbot: Any, window: MainWindow, plug: Plug) -> None:
    import time

    plug.hangs.set()
    qtbot.wait(60)
    start = time.monotonic()
    window.close()
    assert time.monotonic() - start < 3.0
    plug.released.set()
