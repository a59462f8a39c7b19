"""Bars, and the curves that are chosen in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from seen import LONG

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.core.arkit import ARKIT


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
