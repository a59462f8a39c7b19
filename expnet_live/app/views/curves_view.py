"""The chosen coefficients and the head's pose as curves over the last seconds."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

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
        self._plot, self._pose = self._make(3.2, (-2, 0, 2), ""), self._make(45, (-30, 0, 30), "°")
        self._pose_curves = {name: self._pose.plot() for name in POSE}
        self._hint = pg.TextItem(texts.CURVES_EMPTY, anchor=(0.5, 0.5))
        self._plot.addItem(self._hint, ignoreBounds=True)
        self._legend, self._pose_legend = QLabel(), QLabel()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(2)
        for column, (legend, plot) in enumerate(((self._legend, self._plot), (self._pose_legend, self._pose))):
            legend.setMinimumWidth(10)
            layout.addWidget(legend, 0, column)
            layout.addWidget(plot, 1, column)
            layout.setColumnStretch(column, 3 - column)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in (self._plot, self._pose):
            plot.setBackground(theme.panel)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(theme.line)
                axis.setTextPen(theme.faint)
        colors = dict(zip(POSE, theme.curves, strict=False))
        for name, color in colors.items():
            self._pose_curves[name].setPen(pg.mkPen(color, width=1.5))
        self._pose_legend.setText(self._legend_of({texts.POSE[n]: c for n, c in colors.items()}))
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
                self._curves[name] = self._plot.plot()
            self._curves[name].setPen(pg.mkPen(color, width=1.5))
        self._legend.setText(self._legend_of({texts.title(n): c for n, c in self.colors().items()}))
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

    def _legend_of(self, colors: dict[str, str]) -> str:
        space = "&nbsp;" * 4
        return space.join(
            f'<span style="color:{color}">●</span>&nbsp;<span style="color:{self._theme.muted}">{title}</span>'
            for title, color in colors.items()
        )

    def _make(self, limit: float, ticks: tuple[float, ...], unit: str) -> pg.PlotWidget:
        plot = pg.PlotWidget()
        plot.setMouseEnabled(False, False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setYRange(-limit, limit, padding=0)
        plot.disableAutoRange()
        plot.showGrid(x=False, y=True, alpha=0.12)
        axis = plot.getAxis("left")
        axis.setWidth(34)
        axis.setTicks([[(v, f"{v:g}{unit}") for v in ticks]])
        plot.getAxis("bottom").setStyle(tickTextOffset=2)
        return plot
