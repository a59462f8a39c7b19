"""The chosen coefficients and the head's pose as curves over the last seconds."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QHBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.models.history import POSE, History
from expnet_live.app.theme import DARK, Theme

_POINTS = 400  # a curve shows no more than there are pixels


class CurvesView(QWidget):
    """Curves are made once for each name; only their data change."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(260, 90)
        pg.setConfigOptions(antialias=True)
        self._theme = DARK
        self._names: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._span = 20.0
        self._curves: dict[str, pg.PlotDataItem] = {}
        self._plot, self._pose = self._make((-3.2, 3.2), "sd"), self._make((-45, 45), "°")
        self._pose_curves = {name: self._pose.plot(name=texts.POSE[name]) for name in POSE}
        self._hint = pg.TextItem(texts.CURVES_EMPTY, anchor=(0.5, 0.5))
        self._plot.addItem(self._hint, ignoreBounds=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._plot, 3)
        layout.addWidget(self._pose, 2)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in (self._plot, self._pose):
            plot.setBackground(theme.panel)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(theme.line)
                axis.setTextPen(theme.faint)
            plot.plotItem.legend.setLabelTextColor(theme.muted)
        for name, color in zip(POSE, theme.curves, strict=False):
            self._pose_curves[name].setPen(pg.mkPen(color, width=1.5))
        self._hint.setColor(theme.faint)
        self.set_chosen(self._chosen)

    def set_names(self, names: tuple[str, ...]) -> None:
        self._names = names

    def set_span(self, seconds: float) -> None:
        self._span = seconds
        for plot in (self._plot, self._pose):
            plot.setXRange(-seconds, 0, padding=0)
        self._hint.setPos(-seconds / 2, 0)

    def set_chosen(self, names: tuple[str, ...]) -> None:
        self._chosen = names
        for name in list(self._curves):
            if name not in names:
                self._plot.removeItem(self._curves.pop(name))
        for name, color in self.colors().items():
            if name not in self._curves:
                self._curves[name] = self._plot.plot(name=texts.title(name))
            self._curves[name].setPen(pg.mkPen(color, width=1.5))
        self._hint.setVisible(not names)

    def colors(self) -> dict[str, str]:
        """The colour of each chosen name."""
        return {n: self._theme.curves[i % len(self._theme.curves)] for i, n in enumerate(self._chosen)}

    def refresh(self, history: History) -> None:
        rows = history.last(self._span)
        rows = rows[:: max(1, len(rows) // _POINTS)]
        if not len(rows):
            return
        x = rows[:, 0] - rows[-1, 0]
        for name, curve in self._curves.items():
            if name in self._names:
                curve.setData(x, rows[:, 1 + self._names.index(name)], connect="finite")
        for k, name in enumerate(POSE):
            self._pose_curves[name].setData(x, rows[:, 1 + len(self._names) + k], connect="finite")

    def _make(self, limits: tuple[float, float], unit: str) -> pg.PlotWidget:
        plot = pg.PlotWidget()
        plot.setMouseEnabled(False, False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setYRange(*limits, padding=0)
        plot.disableAutoRange()
        plot.addLegend(offset=(6, 2), colCount=4, labelTextSize="8pt", brush=None)
        plot.showGrid(x=False, y=True, alpha=0.12)
        axis = plot.getAxis("left")
        axis.setWidth(30)
        ticks = np.linspace(limits[0], limits[1], 5) if unit == "°" else np.arange(-3, 4, 1.5)
        axis.setTicks([[(float(v), f"{v:g}{unit if unit == '°' else ''}") for v in ticks]])
        plot.getAxis("bottom").setStyle(tickTextOffset=2)
        return plot
