"""The chosen coefficients over the whole session, with cursor, markers, range and the intervals without a face."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.player.curves import Curves, Slice
from expnet_live.app.player.plot_items import Lines, Marks, Spans
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.pieces import color_axes, plain_plot, style_axes
from expnet_live.core.types import Array
from expnet_live.sessions.format.markers import Marker

_DEGREES, _PERCENT = 10.0, 50.0  # degrees of head pose that are as high as a standard deviation, and as a full action
_LEAST = 0.2  # s visible at the largest zoom
# Between labels: of standard deviations, of shares that are shown in per cent, and of degrees; px that a label needs.
_STEPS, _SHARES, _ANGLES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0), (0.25, 0.5, 1.0), (5.0, 10.0, 15.0, 30.0, 60.0, 90.0)
_LABEL = 16.0


class SessionPlot(QWidget):
    """`sought` gives the time to which the user drags the cursor, `ranged` the dragged range (from, to)."""

    sought = Signal(float)
    ranged = Signal(float, float)
    moved = Signal(object, float)  # a marker, and the time to which it was dragged
    edited = Signal(object)  # a marker that was double-clicked or right-clicked

    def __init__(self) -> None:
        super().__init__()
        pg.setConfigOptions(antialias=True)
        self.setMinimumHeight(90)
        self._theme = DARK
        self._whole = 0.0, 1.0  # s
        self._left, self._right = _Values("left"), _Degrees("right")
        self._plot = plain_plot(axisItems={"bottom": _Clock("bottom"), "left": self._left, "right": self._right})
        self._plot.setMouseEnabled(x=True, y=False)
        style_axes(self._plot, "left", "right")
        self._plot.setToolTip(texts.PLAYER_PLOT_TIP)
        self._lost, self._lines, self._markers = Spans(), Lines(), Marks()
        self._region = _Region(values=(0, 0), brush=(0, 0, 0, 0))
        self._region.hide()
        self._cursor = pg.InfiniteLine(angle=90, movable=True)
        self._cursor.setZValue(20)
        for item in (self._lost, self._lines, self._region, self._markers, self._cursor):
            self._plot.addItem(item, ignoreBounds=True)
        self._region.sigRegionChangeFinished.connect(self._pulled)
        self._cursor.sigDragged.connect(lambda line: self.sought.emit(float(line.value())))
        self._markers.dragged.connect(self.sought)
        self._markers.moved.connect(lambda marker, to: self.moved.emit(marker, self._within(to)))
        self._plot.scene().sigMouseClicked.connect(self._clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)

    # --- what is shown --------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        color_axes(self._plot, theme, "left", "right")
        shade, edge = QColor(theme.accent), pg.mkPen(theme.accent, width=2)
        shade.setAlpha(36)
        self._region.setBrush(shade)
        self._region.setHoverBrush(shade)
        for line in self._region.lines:
            line.setPen(edge)
            line.setHoverPen(pg.mkPen(theme.text, width=3))
        self._cursor.setPen(pg.mkPen(theme.text, width=1.5))
        self._cursor.setHoverPen(pg.mkPen(theme.accent, width=3))
        gone = QColor(theme.faint)
        gone.setAlpha(50)
        self._lost.set_color(gone)
        self._markers.set_colors(QColor(theme.muted), QColor(theme.panel))

    def set_curves(self, curves: Curves, percent: bool) -> None:
        """The available curves, of which none is chosen: of 0..1 if `percent`, else in sd; degrees for the pose."""
        self._left.percent, self._right.unit = percent, _PERCENT if percent else _DEGREES
        self._lines.set_curves(curves, dict.fromkeys(texts.POSE, 1 / self._right.unit), 0.0 if percent else -1.0)
        for axis in (self._left, self._right):
            axis.picture = None  # pyqtgraph keeps the old texts otherwise
            axis.update()

    def set_session(
        self, curves: Curves, markers: Sequence[Marker], lost: list[tuple[float, float]], percent: bool = False
    ) -> None:
        """See `set_curves`."""
        self.set_curves(curves, percent)
        self._markers.set_markers(markers)
        self.set_lost(lost)
        start, end = float(curves.time[0]), float(curves.time[-1])
        self._whole = start, end
        end = max(end, start + _LEAST)
        room = 0.01 * (end - start)
        box = self._plot.getViewBox()
        box.setLimits(xMin=start - room, xMax=end + room, minXRange=_LEAST)
        self.set_range(None)
        self.show_all()

    def forget(self) -> None:
        """Let go of the session's curves."""
        self._lines.set_curves(Curves(np.zeros(1), {}), {}, -1.0)

    def set_lost(self, lost: list[tuple[float, float]]) -> None:
        """The intervals without the face."""
        self._lost.set_spans(lost)

    def set_markers(self, markers: Sequence[Marker]) -> None:
        self._markers.set_markers(markers)

    def set_chosen(self, colors: dict[str, str]) -> None:
        """Choose the curves to draw, with their colours."""
        self._lines.set_colors(colors)
        self._plot.showAxis("right", any(name in texts.POSE for name in colors))
        self._plot.setYRange(*self._lines.height, padding=0.06)

    def set_position(self, time: float, follow: bool) -> None:
        """Move the cursor; with `follow`, the view moves on by a page when the cursor leaves it."""
        if not self._cursor.moving and time != self._cursor.value():
            self._cursor.setValue(time)
        low, high = self.view
        if follow and not low <= time <= high:
            span = high - low
            self._plot.setXRange(time - 0.05 * span, time + 0.95 * span, padding=0)

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        self._region.setVisible(wanted is not None)
        if wanted is not None:
            self._region.blockSignals(True)
            self._region.setRegion(wanted)
            self._region.blockSignals(False)

    @property
    def range(self) -> tuple[float, float] | None:
        """The range shown, in s; None for none."""
        low, high = self._region.getRegion()
        return (float(low), float(high)) if self._region.isVisible() else None

    @property
    def markers(self) -> Sequence[Marker]:
        return self._markers.markers

    def drawn(self) -> tuple[Slice, dict[str, Array]]:
        """The visible part of the chosen curves: their times, and values as drawn, by name."""
        return self._lines.drawn()

    @property
    def view(self) -> tuple[float, float]:
        """The visible part of the session, in s."""
        low, high = self._plot.getViewBox().viewRange()[0]
        return float(low), float(high)

    @property
    def cursor_time(self) -> float:
        return float(self._cursor.value())

    def show_all(self) -> None:
        self._plot.setXRange(*self._whole, padding=0.01)

    # --- inside ---------------------------------------------------------------------------------

    def _within(self, time: float) -> float:
        return min(max(time, self._whole[0]), self._whole[1])

    def _pulled(self) -> None:
        low, high = self._region.getRegion()
        self.ranged.emit(float(low), float(high))

    def _clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        box = self._plot.getViewBox()
        if not box.sceneBoundingRect().contains(event.scenePos()):
            return
        marker, left = self._markers.at(event.scenePos()), event.button() == Qt.MouseButton.LeftButton
        if marker is not None and (event.double() or event.button() == Qt.MouseButton.RightButton):
            self.edited.emit(marker)
        elif marker is not None and left:
            self.sought.emit(marker.time)
        elif event.double() and left:
            self.show_all()
        elif left:
            self.sought.emit(float(box.mapSceneToView(event.scenePos()).x()))


class _Clock(pg.AxisItem):
    """Seconds as minutes and seconds."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [texts.player_clock(v, spacing < 1) if v >= 0 else "" for v in values]


class _Values(pg.AxisItem):
    percent = False

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        return _labelled(low, high, size, _SHARES if self.percent else _STEPS)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{100 * v:.0f} %" if self.percent else f"{v:g}" for v in values]


class _Degrees(pg.AxisItem):
    unit = _DEGREES

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        return _labelled(low, high, size, [angle / self.unit for angle in _ANGLES])

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{v * self.unit:.0f}°" for v in values]


def _labelled(low: float, high: float, size: float, steps: Sequence[float]) -> list[tuple[float, list[float]]]:
    """The values to label on an axis of `size` px, as AxisItem wants them: as many as have room for it."""
    step = next((s for s in steps if size * s >= _LABEL * (high - low)), high - low)
    return [(step, [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)])]


class _Region(pg.LinearRegionItem):
    """A range with draggable ends; dragging between them moves the plot."""

    def mouseDragEvent(self, event: object) -> None:
        event.ignore()  # type: ignore[attr-defined]

    def hoverEvent(self, event: object) -> None:
        pass
