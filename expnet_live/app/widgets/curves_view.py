"""The chosen coefficients and the head's pose as curves over the last seconds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.state.gauge import Gauge, actions_gauge
from expnet_live.app.state.history import POSE, History
from expnet_live.app.theme import DARK, INACTIVE, Theme
from expnet_live.app.widgets.legend import Entry, Legend
from expnet_live.app.widgets.pieces import color_axes, plain_plot, style_axes
from expnet_live.core.types import Array

# Ends of the axes, so that a smile of a tenth is no flat line.
_PERCENT, _SD, _DEGREES = (0.2, 0.5, 1.0), (1.0, 2.0, 3.0, 5.0, 8.0), (15.0, 30.0, 60.0, 90.0)
_AXIS, _TIME = 44, 44  # px: width of the left axis, and of the label of a moment
_STEPS = (5.0, 10.0, 15.0, 20.0, 30.0)  # s between labels
_POINTS = 240  # most points of a curve: more would not be visible


class CurvesView(QWidget):
    """Curves are created once for each name; only their data change. `toggled(name)` is called for a click on one in
    the legend."""

    def __init__(self, toggled: Callable[[str], None] = lambda name: None) -> None:
        super().__init__()
        self.setMinimumSize(260, 90)
        self.setToolTip(texts.CURVES_TIP)
        pg.setConfigOptions(antialias=True)
        self._theme = DARK
        self._gauge = actions_gauge()  # until a model says what it gives
        self._chosen: tuple[str, ...] = ()
        self._span = 20.0
        self._presence = 1.0
        self._scales: dict[pg.PlotWidget, float] = {}
        self._curves: dict[str, _Curve] = {}
        self._plot, self._pose = self._make(), self._make()
        self._pose_curves = {name: _curve(self._pose) for name in POSE}
        self._hint = pg.TextItem(texts.CURVES_EMPTY, anchor=(0.5, 0.5))
        self._plot.addItem(self._hint, ignoreBounds=True)
        self._legend, self._pose_legend = Legend(texts.LEGEND_TIP), Legend(texts.POSE_TIP)
        self._legend.toggled.connect(toggled)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        for column, (legend, plot) in enumerate(((self._legend, self._plot), (self._pose_legend, self._pose))):
            layout.addWidget(legend, 0, column, Qt.AlignmentFlag.AlignTop)
            layout.addWidget(plot, 1, column)
            layout.setColumnStretch(column, 9 - 4 * column)  # as their legends need in the smallest window
        self._rescale(np.zeros(0), np.zeros(0))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in (self._plot, self._pose):
            color_axes(plot, theme, "left")
        colors = dict(zip(POSE, theme.curves, strict=False))
        for name, color in colors.items():
            self._pose_curves[name].setPen(pg.mkPen(color, width=1.5))
        for legend in (self._legend, self._pose_legend):
            legend.set_theme(theme)
        self._pose_legend.set_entries([Entry(n, texts.POSE[n], c) for n, c in colors.items()])
        self._hint.setColor(theme.muted)
        self.set_chosen(self._chosen)

    def set_gauge(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._scales.clear()
        self.set_chosen(self._chosen)
        self._rescale(np.zeros(0), np.zeros(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_times()

    def _set_times(self) -> None:
        """Label as many moments as there is room for."""
        for plot in (self._plot, self._pose):
            room = max(1, (plot.width() - _AXIS) // _TIME)
            # 0 needs no room: its label would end beyond the plot.
            step = next((s for s in _STEPS if math.ceil(self._span / s) - 1 <= room), self._span)
            moments = np.arange(0, self._span, step)
            plot.getAxis("bottom").setTicks([[(-float(m), f"{-m:g} s" if m else "0") for m in moments]])

    def set_span(self, seconds: float) -> None:
        self._span = seconds
        self._set_times()
        for plot in (self._plot, self._pose):
            plot.setXRange(-seconds, 0, padding=0)
        self._hint.setPos(-seconds / 2, self._hint.pos().y())

    def set_presence(self, share: float) -> None:
        """Look inactive at 0, where no face is seen; 1 is the usual look."""
        if share != self._presence:
            self._presence = share
            for plot in (self._plot, self._pose):
                plot.getPlotItem().setOpacity(INACTIVE + (1 - INACTIVE) * share)

    def set_chosen(self, names: tuple[str, ...]) -> None:
        self._chosen = names
        for name in list(self._curves):
            if name not in names:
                self._plot.removeItem(self._curves.pop(name))
        for name, color in self.colors().items():
            if name not in self._curves:
                self._curves[name] = _curve(self._plot)
            self._curves[name].setPen(pg.mkPen(color, width=1.5))
        percent = self._gauge.percent
        self._legend.set_entries([Entry(n, texts.title(n, action=percent), c) for n, c in self.colors().items()])
        self._hint.setVisible(not names)

    def colors(self) -> dict[str, str]:
        """The colour of each chosen name."""
        return {n: self._theme.curves[i % len(self._theme.curves)] for i, n in enumerate(self._chosen)}

    def drawn(self, name: str) -> Array:
        """The values (m,) in the curve of a chosen name, NaN where there was no face."""
        values = self._curves[name].getData()[1]
        return np.zeros(0) if values is None else np.asarray(values)

    def refresh(self, history: History) -> None:
        rows = history.last(self._span, _POINTS)
        # The model may just have been replaced by one with other coefficients.
        if not len(rows) or rows.shape[1] != 1 + len(self._gauge.names) + len(POSE):
            return
        x = rows[:, 0] - history.newest
        # Copies, because the history changes underneath.
        columns = rows.T.copy()
        for name, curve in self._curves.items():
            if name in self._gauge.names:
                curve.setData(x, columns[1 + self._gauge.names.index(name)], connect="finite")
        for k, name in enumerate(POSE):
            self._pose_curves[name].setData(x, columns[1 + len(self._gauge.names) + k], connect="finite")
        shown = [1 + self._gauge.names.index(n) for n in self._curves if n in self._gauge.names]
        self._rescale(columns[shown], columns[1 + len(self._gauge.names) :])

    def _rescale(self, values: Array, angles: Array) -> None:
        if self._gauge.percent:
            self._scale(self._plot, values, _PERCENT, lambda v: f"{100 * v:g} %", both=False)
        else:
            self._scale(self._plot, values, _SD, lambda v: f"{v:g}")
        self._scale(self._pose, angles, _DEGREES, lambda v: f"{v:g}°")

    def _scale(
        self,
        plot: pg.PlotWidget,
        values: Array,
        scales: tuple[float, ...],
        text: Callable[[float], str],
        both: bool = True,
    ) -> None:
        """Give the axis the smallest of some scales that holds all values, the widest for none; `both`: on both sides
        of 0."""
        seen = np.abs(values[np.isfinite(values)])
        most = float(seen.max()) if len(seen) else scales[-1]
        scale = next((s for s in scales if most <= s), scales[-1])
        if self._scales.get(plot) == scale:
            return
        self._scales[plot] = scale
        # The label at the end needs room, too.
        low, high = (-1.25 * scale, 1.25 * scale) if both else (-0.1 * scale, 1.15 * scale)
        plot.setYRange(low, high, padding=0)
        if plot is self._plot:
            self._hint.setPos(-self._span / 2, (low + high) / 2)
        ticks = (-scale, 0.0, scale) if both else (0.0, scale / 2, scale)
        plot.getAxis("left").setTicks([[(v, text(v)) for v in ticks]])

    def _make(self) -> pg.PlotWidget:
        plot = plain_plot()
        plot.setMouseEnabled(False, False)
        style_axes(plot, "left")
        for side in ("left", "bottom"):
            # An axis seldom changes; its texts take as long to draw as the curves.
            plot.getAxis(side).setCacheMode(pg.AxisItem.CacheMode.DeviceCoordinateCache)
        return plot


class _Curve(pg.PlotCurveItem):
    """A curve that does not search its data for its bounds, because only painting asks for them."""

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()
        return QRectF() if view is None else QRectF(view.viewRect())

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: object = None) -> tuple[float, float]:
        return 0.0, 1.0


def _curve(plot: pg.PlotWidget) -> _Curve:
    curve = _Curve()
    plot.addItem(curve)
    return curve
