"""The window as a person uses it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import SIZE, Plug, Puppet
from places import ROOT
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSettings, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)
from seen import LONG, banners, head, pixels

import expnet_live
from expnet_live.app import texts
from expnet_live.app.main_window.actions import TABLE
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.settings import load_choices
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.heads.dressing import Haired

# --- the picture ----------------------------------------------------------------------------------


def test_the_head_is_there_and_moves_its_face(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    window.actions_["follow"].setChecked(False)
    rest = head(qtbot, window, puppet)
    h, w = rest.shape[:2]
    middle, corner = rest[int(0.4 * h) : int(0.6 * h), int(0.45 * w) : int(0.55 * w)], rest[:20, :20]
    red = middle.mean((0, 1))
    assert red[0] > red[2] + 25 and red[0] > 110  # skin
    assert corner.mean() < 60

    from expnet_live.app.view3d.orbit import projection

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
    # Faces are aligned as a whole, so an open jaw shifts the forehead a little.
    assert change(jaw, 14) > 12 and change(jaw, 14) > 4 * change(jaw, 10)
    blink = head(qtbot, window, puppet, eyeBlinkLeft=2.5, eyeBlinkRight=2.5)
    assert change(blink, 159, 7) > 12 > 3 > change(blink, 199)


@pytest.mark.usefixtures("steady")
def test_looks_of_the_head_differ(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    window.actions_["follow"].setChecked(False)
    plain = head(qtbot, window, puppet)
    for key in ("wireframe", "painted", "hair"):
        window.actions_[key].trigger()
        qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - plain).mean() > 1, timeout=LONG)
        window.actions_[key].trigger()
    qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - plain).mean() < 0.5, timeout=LONG)


@pytest.mark.usefixtures("steady")
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


# --- the rest of the window -----------------------------------------------------------------------


def test_a_click_on_a_bar_makes_a_curve(qtbot: Any, window: MainWindow) -> None:
    bars, curves = window.parts.bars, window.parts.curves
    qtbot.waitUntil(lambda: len(bars.names) == 29, timeout=LONG)
    before = window.controller.choices.curves
    row = bars.height() / 29
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(30, int(3.5 * row)))
    assert window.controller.choices.curves == (*before, bars.names[3])
    assert bars.names[3] in curves.colors()
    qtbot.waitUntil(lambda: len(curves.drawn(bars.names[3])) > 0, timeout=LONG)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(30, int(3.5 * row)))
    assert window.controller.choices.curves == before


def test_keys_choose_curves(qtbot: Any, window: MainWindow) -> None:
    """Tab leads to the bars, the arrows to one of them, and Space toggles it, while the clip keeps playing."""
    bars, head = window.parts.bars, window.parts.head.native
    qtbot.waitUntil(lambda: len(bars.names) == 29, timeout=LONG)
    before = window.controller.choices.curves
    window.resize(900, 600)
    while window.focusWidget() is not bars:
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert window.focusWidget() is not head
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_Up):
        QTest.keyClick(bars, key)
    name = bars.names[27]
    assert bars.accessibleName().startswith(texts.title(name))
    QTest.keyClick(bars, Qt.Key.Key_Space)
    assert window.controller.choices.curves == (*before, name)
    # It is seen: the panel has scrolled, and the row is lit.
    row = bars.height() / 29
    at = QPoint(3, round(27.5 * row))
    assert bars.visibleRegion().contains(at)
    lit, other = (bars.grab(QRect(2, round((i + 0.5) * row) - 5, 1, 2)).toImage().pixelColor(0, 0) for i in (27, 26))
    assert lit != other
    QTest.keyClick(bars, Qt.Key.Key_Return)
    assert window.controller.choices.curves == before
    head.setFocus()
    assert window.focusWidget() is head


def test_bars_and_curves_show_actions_or_coefficients(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.blendshapes = np.full(52, 0.4, np.float32)
    bars, curves, gauge = window.parts.bars, window.parts.curves, window.parts.gauge
    qtbot.waitUntil(lambda: bars.names == ARKIT, timeout=LONG)
    qtbot.waitUntil(lambda: np.isfinite(curves.drawn("jawOpen")).sum() > 3, timeout=LONG)
    assert np.nanmax(curves.drawn("jawOpen")) == pytest.approx(0.4, abs=0.01)
    gauge.setCurrentIndex(1)
    gauge.activated.emit(1)
    qtbot.waitUntil(lambda: len(bars.names) == 29, timeout=LONG)
    assert window.controller.choices.gauge == "coefficients"
    qtbot.waitUntil(lambda: np.isfinite(curves.drawn("jawOpen")).sum() > 3, timeout=LONG)


def test_themes(qtbot: Any, window: MainWindow) -> None:
    for name, bright in (("light", True), ("dark", False)):
        window.set_appearance(name)
        assert window.theme.name == name
        picture = pixels(window.grab().toImage())
        # Panels and the stage behind the head.
        assert (picture[window.height() - 60, 60].mean() > 128) == bright
        assert (pixels(window.parts.head.picture())[:10, :10].mean() > 128) == bright


def test_shortcuts_are_listed_and_work(qtbot: Any, window: MainWindow) -> None:
    keys = [a.shortcut().toString() for a in window.actions_.all() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) > 12
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (sheet,) = window.findChildren(Sheet)
    assert {label.text() for label in sheet.findChildren(QLabel)} >= {"Space", "F1", "Ctrl+O"}
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(Sheet), timeout=LONG)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for spec in TABLE:
        assert not spec.keys or f"| {spec.shortcut} | {spec.title} |" in readme
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
    first.commands.choose(span=60, overlay="box")
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


def test_choices_survive_a_crash(qtbot: Any, open_window: Callable[..., MainWindow], store: QSettings) -> None:
    """They are on the disk soon after a change, not only when the window closes."""
    open_window().set_appearance("light")
    path = store.fileName()

    def kept() -> bool:
        return load_choices(QSettings(path, QSettings.Format.IniFormat)).theme == "light"

    qtbot.waitUntil(kept, timeout=20_000)


def test_panels_float_and_hide_and_stay_so(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    first = open_window()
    camera, curves = first.parts.docks["camera"], first.parts.docks["curves"]
    camera.setFloating(True)
    camera.setGeometry(700, 300, 420, 380)
    qtbot.mouseClick(curves.findChildren(QToolButton, "Flat")[-1], Qt.MouseButton.LeftButton)
    assert camera.isWindow() and curves.isHidden()
    first.close()
    second = open_window()
    camera, curves = second.parts.docks["camera"], second.parts.docks["curves"]
    assert camera.isFloating() and camera.size() == QSize(420, 380) and curves.isHidden()
    # Its entry in the menu brings it back.
    assert not curves.toggleViewAction().isChecked()
    curves.toggleViewAction().trigger()
    assert curves.isVisible()
    second.actions_["reset_layout"].trigger()
    assert not camera.isFloating()


def test_everything_has_a_tool_tip(window: MainWindow) -> None:
    parts = window.parts
    kinds = (QAbstractButton, QComboBox, QSlider)
    # Those in pyqtgraph's menus, which nobody sees, have windows of their own.
    widgets = [w for kind in kinds for w in window.findChildren(kind) if w.window() is window]
    # Qt's own, among them the hidden arrows of tabs.
    widgets = [w for w in widgets if not w.objectName().startswith("qt_") and not isinstance(w.parent(), QTabBar)]
    assert len(widgets) > 25
    assert [w for w in widgets if not w.toolTip()] == []
    assert [a.text() for a in window.actions_.all() if not a.toolTip()] == []
    for view in (parts.camera, parts.head.native, parts.bars, parts.curves, *parts.controls.labels):
        assert view.toolTip(), view
    for label in (parts.status.device, parts.status.rate, parts.status.drops, parts.status.latency):
        assert label.toolTip()
    assert all(action.menu().toolTipsVisible() for action in window.menuBar().actions())
    models = parts.controls.model.model()
    (why,) = [i for i in map(models.item, range(models.rowCount())) if "official import" in i.toolTip()]
    assert not why.isEnabled()


def test_about_names_licences(qtbot: Any, window: MainWindow) -> None:
    window.actions_["about"].trigger()
    (sheet,) = window.findChildren(Sheet)
    text = " ".join(label.text() for label in sheet.findChildren(QLabel))
    for word in ("Apache License 2.0", "PySide6", "LGPL", "PyTorch", "mediapipe", "research", expnet_live.__version__):
        assert word in text
    qtbot.mouseClick(sheet.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.findChildren(Sheet), timeout=LONG)


def test_snapshot(qtbot: Any, window: MainWindow, puppet: Puppet, tmp_path: Path) -> None:
    window.commands.snapshot_folder = tmp_path / "shots"
    qtbot.waitUntil(lambda: window.controller.prepared is not None, timeout=LONG)
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: "snapshot" in banners(window), timeout=3 * LONG)
    (folder,) = (tmp_path / "shots").iterdir()
    pictures = {"window.png", "camera.png", "head.png", "expression.png", "curves.png"}
    values = {"coefficients.csv", "coefficients.json"}
    assert {p.name for p in folder.iterdir()} == {*pictures, *values, "head.ply", "head.obj", "head.glb"}
    camera, still = QImage(str(folder / "camera.png")), QImage(str(folder / "head.png"))
    assert (camera.width(), camera.height()) == SIZE and pixels(camera).std() == 0  # a wall, and no badge
    assert still.width() == still.height() == 2048
    assert still.pixelColor(5, 5).alpha() == 0 and still.pixelColor(1024, 1024).alpha() == 255
    (told,) = json.loads((folder / "coefficients.json").read_text())
    (row,) = csv.DictReader((folder / "coefficients.csv").read_text().splitlines())
    shown = window.controller.faces[0]
    assert told["face"] == int(row["face"]) == shown.state.face
    for i, name in enumerate(puppet.model.names):
        assert told["expression_sd"][name] == pytest.approx(shown.expression[i], abs=0.05)
        assert float(row[name]) == pytest.approx(told["expression_sd"][name], abs=1e-4)
    assert QImage(str(folder / "window.png")).size() == window.size() * window.devicePixelRatioF()
    for name in pictures - {"camera.png"}:
        assert pixels(QImage(str(folder / name))).std() > 4, name  # not of one colour
    import trimesh

    face = window.controller.faces[0]
    haired = Haired.of(face.head)  # as it is seen
    with_hair, bald = (
        (haired.triangles, haired.mesh(face.vertices, face.normals)[0]),
        (puppet.model.triangles, face.vertices),
    )
    assert len(with_hair[0]) > len(bald[0])
    for suffix, size, (triangles, vertices) in ((".ply", 1.0, bald), (".obj", 1.0, bald), (".glb", 0.001, with_hair)):
        mesh = trimesh.load_mesh(folder / f"head{suffix}", process=False)
        assert mesh.faces.shape == triangles.shape
        assert np.allclose(np.ptp(mesh.vertices, axis=0), size * np.ptp(vertices, axis=0), rtol=1e-3)
    window.commands.snapshot_folder = tmp_path / "file"
    (tmp_path / "file").touch()
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: "cannot be saved" in banners(window).get("snapshot", ""), timeout=LONG)


def test_closing_is_quick_with_a_camera_that_hangs(qtbot: Any, window: MainWindow, plug: Plug) -> None:
    import time

    plug.hangs.set()
    qtbot.waitUntil(plug.hanging.is_set, timeout=LONG)
    start = time.monotonic()
    window.close()
    assert time.monotonic() - start < 3.0
    plug.released.set()


@pytest.mark.parametrize("width", [900, 1000, 1280])
def test_the_status_line_shows_whole_labels(qtbot: Any, window: MainWindow, width: int) -> None:
    status = window.parts.status
    window.resize(width, 600)
    status.show_recording("Recording 12:34, 22620 frames, without video", "")
    status.show_outputs(["vmc", "livelink", "ws", "openseeface"], ["openseeface://192.0.2.7"])
    labels = [status.outputs, status.device, status.rate, status.drops, status.latency]

    def whole() -> bool:
        shown = [label for label in labels if label.isVisible()]
        return status.outputs in shown and all(
            label.width() >= label.sizeHint().width() and label.geometry().right() <= status.width() for label in shown
        )

    qtbot.waitUntil(whole, timeout=LONG)
    status.show_recording("", "")
    status.show_outputs([])
    qtbot.waitUntil(lambda: all(label.isVisible() for label in labels[1:]), timeout=LONG)


def test_every_key_has_room_in_the_smallest_windows(qtbot: Any, window: MainWindow) -> None:
    window.resize(900, 600)
    window.actions_["shortcuts"].trigger()
    (sheet,) = window.findChildren(Sheet)
    for label in sheet.findChildren(QLabel):
        assert label.width() >= label.minimumSizeHint().width() and label.height() >= label.sizeHint().height()
        assert sheet.rect().contains(label.mapTo(sheet, label.rect().bottomRight())), label.text()
    sheet.close()


def test_a_window_of_a_screen_that_is_gone_comes_back(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    first = open_window()
    screen = first.screen().availableGeometry()
    camera = first.parts.docks["camera"]
    camera.setFloating(True)
    camera.setGeometry(screen.right() + 900, 200, 420, 380)
    first.move(screen.right() + 500, screen.bottom() + 300)
    first.close()
    second = open_window()
    assert screen.contains(second.geometry().topLeft()) and screen.contains(second.geometry().center())
    camera = second.parts.docks["camera"]
    assert camera.isFloating() and screen.contains(camera.geometry().center())


def test_a_sheet_gives_the_keyboard_back(qtbot: Any, window: MainWindow) -> None:
    head = window.parts.head.native
    assert window.focusWidget() is head
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Return):
        window.actions_["shortcuts"].trigger()
        (sheet,) = window.findChildren(Sheet)
        assert sheet.isAncestorOf(window.focusWidget())
        QTest.keyClick(window.focusWidget(), key)
        assert window.focusWidget() is head
        qtbot.waitUntil(lambda: not window.findChildren(Sheet), timeout=LONG)


def test_space_presses_what_tab_has_led_to(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    """And plays where the keyboard is with the head, or somebody has clicked."""
    window = open_window(SourceSpec.demo(), open_=open_spec)
    qtbot.waitUntil(window.parts.transport.isVisible, timeout=LONG)
    capture = window.controller.engine.capture
    assert capture is not None
    window.actions_["outputs"].trigger()
    switch, source = window.parts.outputs.rows["vmc"].switch, window.parts.controls.source
    by_tab = Qt.FocusReason.TabFocusReason
    for on in (True, False):
        switch.setFocus(by_tab)
        QTest.keyClick(switch, Qt.Key.Key_Space)
        assert switch.isChecked() == on
    source.setFocus(by_tab)
    QTest.keyClick(source, Qt.Key.Key_Space)
    qtbot.waitUntil(source.view().isVisible, timeout=LONG)
    source.hidePopup()
    (tabs,) = (bar for bar in window.findChildren(QTabBar) if bar.isVisible())
    shown = tabs.currentIndex()
    tabs.setFocus(by_tab)
    QTest.keyClick(tabs, Qt.Key.Key_Left)
    assert tabs.currentIndex() == shown - 1
    assert capture.transport.playing
    window.parts.head.native.setFocus()
    QTest.keyClick(window.parts.head.native, Qt.Key.Key_Space)
    assert not capture.transport.playing
    button = next(b for b in window.parts.controls.findChildren(QPushButton) if b.text() == "Set neutral")
    handle, at = window.windowHandle(), button.mapTo(window, button.rect().center())
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, pos=at)
    assert window.focusWidget() is button
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert capture.transport.playing


def test_tab_goes_through_what_keys_can_use(qtbot: Any, window: MainWindow) -> None:
    head = window.parts.head.native
    assert window.focusWidget() is head  # and no list is framed at the start
    seen: list[QWidget] = []
    while len(seen) < 60 and (len(seen) < 2 or seen[-1] is not seen[0]):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        seen.append(window.focusWidget())
        assert not seen[-1].visibleRegion().isEmpty()  # no stop is out of sight
    assert len(seen) < 60 and {type(w).__name__ for w in seen} <= {
        *("Chooser", "QToolButton", "QPushButton", "_SeekSlider", "QTabBar", "BarsView")
    }
    assert window.parts.bars in seen
    controls = window.parts.controls
    assert {controls.source, controls.model, controls.head, controls.profile, window.parts.overlay} <= set(seen)
