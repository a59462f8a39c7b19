"""Keys in the window, and where the keyboard goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from places import ROOT
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QTabBar,
    QWidget,
)
from seen import LONG

from expnet_live.app.main_window.actions import TABLE
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec


def test_shortcuts_are_listed_and_work(qtbot: Any, window: MainWindow) -> None:
    keys = [a.shortcut().toString() for a in window.actions_.all() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) > 12
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (sheet,) = window.findChildren(Sheet)
    assert {label.text() for label in sheet.findChildren(QLabel)} >= {"Space", "F1", "Ctrl+O"}
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(Sheet), timeout=LONG)
    page = (ROOT / "docs" / "window.md").read_text(encoding="utf-8")
    for spec in TABLE:
        assert not spec.keys or f"| {spec.shortcut} | {spec.title} |" in page
    for key, name in ((Qt.Key.Key_W, "wireframe"), (Qt.Key.Key_M, "mirror"), (Qt.Key.Key_H, "follow")):
        before = getattr(window.controller.choices, name)
        qtbot.keyClick(window, key)
        assert getattr(window.controller.choices, name) is not before
    qtbot.keyClick(window, Qt.Key.Key_O)
    assert window.parts.camera.overlay == "mesh"


def test_every_key_has_room_in_the_smallest_windows(qtbot: Any, window: MainWindow) -> None:
    window.resize(900, 600)
    window.actions_["shortcuts"].trigger()
    (sheet,) = window.findChildren(Sheet)
    for label in sheet.findChildren(QLabel):
        assert label.width() >= label.minimumSizeHint().width() and label.height() >= label.sizeHint().height()
        assert sheet.rect().contains(label.mapTo(sheet, label.rect().bottomRight())), label.text()
    sheet.close()


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
