"""The window as a person uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from live_fakes import Plug
from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QTabBar,
    QToolButton,
)
from seen import LONG, pixels

import expnet_live
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.settings import load_choices
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.app.widgets.status_line import StatusLine


def test_themes(qtbot: Any, window: MainWindow) -> None:
    for name, bright in (("light", True), ("dark", False)):
        window.set_appearance(name)
        assert window.theme.name == name
        picture = pixels(window.grab().toImage())
        # Panels and the stage behind the head.
        assert (picture[window.height() - 60, 60].mean() > 128) == bright
        assert (pixels(window.parts.head.picture())[:10, :10].mean() > 128) == bright


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

    qtbot.waitUntil(kept, timeout=LONG)


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


def test_the_status_line_leaves_labels_out_when_numbers_grow(qtbot: Any) -> None:
    status = StatusLine()
    qtbot.addWidget(status)
    labels = [status.device, status.rate, status.drops, status.latency]
    status.refresh("cpu", (30.0, 30.0, 30.0), (0, 0), 0.03, {})
    status.resize(sum(label.sizeHint().width() for label in labels) + 60, 24)
    status.show()
    assert all(label.isVisible() for label in labels)
    status.refresh("cpu", (120.0, 120.0, 120.0), (123456, 123456), 12.345, {})
    shown = [label for label in labels if label.isVisible()]
    assert status.latency in shown and len(shown) < len(labels)
    qtbot.waitUntil(lambda: all(label.width() >= label.sizeHint().width() for label in shown), timeout=LONG)


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
