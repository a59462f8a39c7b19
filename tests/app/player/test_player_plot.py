"""The player's curves, markers and range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from players import MARKS, settled
from pyqtgraph import LinearRegionItem, PlotWidget
from PySide6.QtCore import QPoint, Qt
from seen import LONG, pick, pixels

from expnet_live.app.player.curves import Curves
from expnet_live.app.player.plot import SessionPlot
from expnet_live.app.widgets.pieces import axis_font
from expnet_live.sessions.reading.playback import SPEEDS

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView


def curves_of(plot: SessionPlot) -> PlotWidget:
    """The part of the plot that pyqtgraph draws."""
    found = plot.findChild(PlotWidget)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("height", "angles"), [(40, {"0°"}), (90, {"-30°", "0°", "30°"}), (300, {"-40°", "0°", "50°"})]
)
def test_axes_read_like_those_of_the_live_curves(opened: PlayerView, height: int, angles: set[str]) -> None:
    """0 and 100 % have a label at any height, and angles are round."""
    opened.plot.set_curves(opened.readout.track.curves, percent=True)
    plot = curves_of(opened.plot)
    for side, low, wanted in (("left", 0.0, {"0 %", "100 %"}), ("right", -0.8, angles)):
        axis = plot.getAxis(side)
        ((step, values),) = axis.tickValues(low - 0.06, 1.06, height)
        assert wanted <= set(axis.tickStrings(values, 1.0, step))
        assert axis.style["tickFont"] == axis_font()


def test_markers_are_drawn_where_they_are(qtbot: Any, opened: PlayerView) -> None:
    plot = opened.plot
    with_them = pixels(plot.grab().toImage())
    assert opened.replay is not None
    plot.set_session(opened.readout.track.curves, (), opened.replay.lost)
    plot.set_chosen(opened.readout.colors)
    changed = np.abs(with_them - pixels(plot.grab().toImage())).max(2) > 20
    low, high = plot.view
    area = curves_of(plot).getViewBox().sceneBoundingRect()
    for marker in MARKS:
        x = round(area.left() + area.width() * (marker.time - low) / (high - low))
        assert changed[:, x - 1 : x + 2].any(1).sum() > 0.3 * area.height()  # a dashed line
        assert changed[:25, x + 4 : x + 30].sum() > 30  # and its label


def test_the_range_is_set_looped_and_cleared(qtbot: Any, opened: PlayerView) -> None:
    playback = opened.playback
    assert playback is not None and opened.range is None
    opened.deck.seek(1.5)
    qtbot.keyClick(opened, Qt.Key.Key_I)
    assert opened.range == (1.5, playback.end) and opened.actions_["loop"].isChecked()
    opened.deck.seek(2.0)
    qtbot.keyClick(opened, Qt.Key.Key_O)
    assert opened.range == opened.plot.range == (1.5, 2.0)
    assert opened.controls.range.text() == "0:01.5 – 0:02.0"
    [region] = [i for i in curves_of(opened.plot).items() if isinstance(i, LinearRegionItem)]
    region.lines[1].setValue(2.2)  # as by pulling
    region.lineMoveFinished()
    assert opened.range == pytest.approx((1.5, 2.2))
    pick(opened.controls.speed, SPEEDS.index(4.0))
    opened.deck.seek(1.5)
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    rows: list[int] = []
    qtbot.waitUntil(lambda: rows.append(opened.shown_row) or int((np.diff(rows) < 0).sum()) >= 2, timeout=LONG)
    low, high = playback.row_at(1.5), playback.row_at(2.2)
    looped = rows[int(np.argmax(np.diff(rows) < 0)) + 1 :]  # since it began again
    assert set(looped) <= set(range(low, high + 1)) and playback.playing
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert opened.range is None and opened.plot.range is None and opened.controls.range.text() == ""
    assert not opened.actions_["clear"].isEnabled()


def test_curves_are_chosen_and_zoomed(qtbot: Any, opened: PlayerView) -> None:
    plot, readout = opened.plot, opened.readout
    assert opened.replay is not None
    assert list(readout.colors) == readout.track.liveliest(4) and len(readout.colors) == 4
    qtbot.mouseClick(readout.legend, Qt.MouseButton.LeftButton, pos=readout.legend.place("yaw").center().toPoint())
    part, drawn = plot.drawn()
    assert list(drawn) == list(readout.colors) and "yaw" in drawn and len(part) == 48
    for name, y in drawn.items():
        scale = 0.1 if name == "yaw" else 1.0
        assert np.allclose(y, scale * readout.track.channels[name], equal_nan=True)
    bars, name = readout.bars, next(iter(readout.colors))
    row = bars.height() / len(bars.names)
    place = QPoint(30, round(row * (bars.names.index(name) + 0.5)))
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=place)
    assert name not in readout.colors and name not in plot.drawn()[1]
    whole = plot.view
    curves_of(plot).setXRange(2.0, 2.5, padding=0)
    assert len(plot.drawn()[0]) < 12
    opened.deck.seek(2.6)
    settled(qtbot, opened)
    assert plot.view == pytest.approx((2.0, 2.5))  # only playing turns the page
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: plot.view[0] > 2.5, timeout=LONG)
    qtbot.keyClick(opened, Qt.Key.Key_A)
    assert plot.view == pytest.approx(whole)
    rows = opened.replay.rows
    gone = np.flatnonzero(rows.face < 0)
    assert opened.replay.lost == [pytest.approx((rows.time[gone[0]], rows.time[gone[-1] + 1]))]


def test_curves_are_thinned_without_losing_peaks() -> None:
    x = np.arange(54_000) / 30
    y = np.zeros(len(x))
    y[12_345] = 5
    y[30_000:33_000] = np.nan
    curves = Curves(x, {"a": y, "none": np.full(len(x), np.nan)})
    assert curves.ends == {"a": (0.0, 5.0), "none": None}
    for columns in (2000, 800, 100, 1):
        part = curves.slice(0.0, 1800.0, columns)
        ty = part.y("a")
        assert len(part) == len(ty) <= max(2 * columns, 128) and (np.diff(part.x) >= 0).all()
        assert np.nanmax(ty) == 5 and abs(part.x[np.nanargmax(ty)] - x[12_345]) < 1800 / len(ty) * 2
        assert np.isnan(ty).mean() == pytest.approx(3000 / 54_000, abs=4 / len(ty))
    part = curves.slice(411.0, 412.0, 800)
    assert 30 <= len(part) <= 34 and part.y("a").max() == 5  # every point is there
    for low in (100.0, 100.4, 101.7):  # moved, a curve keeps its shape
        part, whole = curves.slice(low, low + 900, 800), curves.slice(0.0, 900.0, 800)
        assert np.isin(part.x[:500], whole.x).all()
