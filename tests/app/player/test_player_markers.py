"""Markers in the player: set by keys, moved with the mouse, named and coloured in a sheet, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mouse import press, pull, release
from players import MARKS, settled
from pyqtgraph import PlotWidget
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from seen import LONG, pixels

from expnet_live.app.state.marking import COLORS, PRESETS
from expnet_live.app.widgets.marker_sheets import Swatches
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.sessions.format.markers import Marker

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView

LEFT = Qt.MouseButton.LeftButton


def place_of(player: PlayerView, time: float, down: float = 0.5) -> tuple[Any, QPoint]:
    """The plot's viewport, and the place of a time in it; `down`: from 0 at the top to 1."""
    plot = player.plot.findChild(PlotWidget)
    assert plot is not None
    box = plot.getViewBox()
    area = box.sceneBoundingRect()
    x = box.mapViewToScene(QPointF(time, 0)).x()
    return plot.viewport(), plot.mapFromScene(QPointF(x, area.top() + down * area.height()))


def sheet_of(player: PlayerView) -> Sheet:
    (sheet,) = [s for s in player.findChildren(Sheet) if not s.isHidden()]
    return sheet


def test_keys_set_markers_at_the_cursor(qtbot: Any, opened: PlayerView) -> None:
    told: list[Any] = []
    opened.markers_changed.connect(lambda folder, markers: told.append((folder, markers)))
    opened.deck.seek(2.0)
    settled(qtbot, opened)
    qtbot.keyClick(opened, Qt.Key.Key_3)
    opened.deck.seek(2.5)
    settled(qtbot, opened)
    qtbot.keyClick(opened, Qt.Key.Key_K)
    third = PRESETS[2]
    wanted = (MARKS[0], Marker(2.0, third.label, third.color), Marker(2.5, "Marker 1"), MARKS[1])
    assert opened.markers.markers == opened.plot.markers == wanted
    assert told == [(opened.folder, told[0][1]), (opened.folder, wanted)]
    qtbot.keyClick(opened, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)  # to the one before
    qtbot.waitUntil(lambda: opened.plot.cursor_time == pytest.approx(2.0), timeout=LONG)
    seen = pixels(opened.controls.time_line.grab().toImage())
    x = round(opened.controls.time_line.x_of(2.0))
    blue = (seen[..., 2] - seen[..., 0]) > 100
    assert blue[:, x - 2 : x + 2].any() and not blue[:, x + 20 : x + 30].any()


def test_a_marker_is_dragged(qtbot: Any, opened: PlayerView) -> None:
    view, start = place_of(opened, MARKS[0].time)
    _, end = place_of(opened, 2.2)
    press(view, start)
    pull(view, start + (end - start) / 2)

    def there() -> bool:
        pull(view, end)  # the plot takes only some of many movements
        return opened.plot.cursor_time == pytest.approx(2.2, abs=0.05)  # to see the picture

    qtbot.waitUntil(there, timeout=LONG)
    assert opened.markers.markers == MARKS
    release(view, end)
    (moved, other) = opened.markers.markers
    assert moved.label == MARKS[0].label and moved.time == pytest.approx(2.2, abs=0.05) and other == MARKS[1]
    # Between markers, dragging moves the plot as before.
    opened.plot.findChild(PlotWidget).setXRange(1.0, 2.0, padding=0)
    view, start = place_of(opened, 1.5)
    low = opened.plot.view[0]
    press(view, start)
    pull(view, start - QPoint(30, 0))

    def moved_on() -> bool:
        pull(view, start - QPoint(60, 0))
        return opened.plot.view[0] > low

    qtbot.waitUntil(moved_on, timeout=LONG)
    release(view, start - QPoint(60, 0))
    assert opened.markers.markers == (moved, other)


def test_a_marker_is_named_coloured_and_deleted(qtbot: Any, opened: PlayerView) -> None:
    view, place = place_of(opened, MARKS[0].time)
    qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=place)
    sheet = sheet_of(opened)
    name, swatches = sheet.findChild(QLineEdit), sheet.findChild(Swatches)
    assert name is not None and swatches is not None and name.text() == MARKS[0].label
    assert name.hasFocus()
    qtbot.keyClicks(name, "k 3 loops ")  # keys of the player, which are letters here
    assert opened.markers.markers[0] == Marker(1.0, "k 3 loops") and len(opened.markers.markers) == 2
    qtbot.mouseClick(swatches, LEFT, pos=swatches.center(COLORS["Green"]).toPoint())
    assert opened.markers.markers[0] == Marker(1.0, "k 3 loops", COLORS["Green"])
    qtbot.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not opened.findChildren(Sheet), timeout=LONG)
    opened.deck.seek(0.9)
    settled(qtbot, opened)
    qtbot.keyClick(opened, Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)  # the nearest one
    (delete,) = [b for b in sheet_of(opened).findChildren(QPushButton) if b.text() == "Delete marker"]
    qtbot.mouseClick(delete, LEFT)
    assert opened.markers.markers == MARKS[1:]
    qtbot.waitUntil(lambda: not opened.findChildren(Sheet), timeout=LONG)
