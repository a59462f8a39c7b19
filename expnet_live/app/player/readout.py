"""The bars beside the player's curves, as in the main window: all values at the cursor, and which curves are drawn."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.player.replay import Replay, Track
from expnet_live.app.state import catalog
from expnet_live.app.state.history import POSE
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.bars_view import BarsView
from expnet_live.app.widgets.controls import Chooser
from expnet_live.app.widgets.legend import Entry, Legend
from expnet_live.app.widgets.pieces import PlainLabel, Scrolled

_CURVES = 4  # curves that are chosen at first


class Readout(QWidget):
    """A click turns a curve on or off, and emits `chosen_changed`; another gauge emits `switched`.

    `legend` belongs above the curves.
    """

    chosen_changed = Signal()
    switched = Signal()

    def __init__(self, state: WindowState) -> None:
        super().__init__()
        self._state, self._theme = state, DARK
        self._replay: Replay | None = None
        self._row = -1
        self._shown = ""  # the gauge
        self._chosen: dict[str, list[str]] = {}  # by gauge
        self.bars = BarsView(self.toggle)
        self.legend = Legend(texts.PLAYER_LEGEND_TIP, room="+100 %")
        self.legend.toggled.connect(self.toggle)
        self.gauge = Chooser(texts.GAUGE_TIP, lambda v: state.choose(gauge=v))
        self.gauge.setAccessibleName(texts.GAUGE)
        self.gauge.set_options([catalog.Option(k, v) for k, v in texts.GAUGES.items()], None)
        self.gauge.setProperty("small", True)
        self.gauge.setMaximumWidth(132)
        top = QHBoxLayout()
        title = PlainLabel(texts.EXPRESSION.upper())
        title.setObjectName("DockTitle")
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.gauge)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(Scrolled(self.bars), 1)
        state.observe(self._changed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for part in (self.bars, self.legend, self.gauge):
            part.set_theme(theme)
        self._show_chosen()

    def set_replay(self, replay: Replay) -> None:
        self._replay, self._chosen, self._row = replay, {}, -1
        self.bars.set_gains(replay.session.info.person.gains)
        self._show_gauge()

    def forget(self) -> None:
        """Let go of the session."""
        self._replay, self._chosen, self._row = None, {}, -1

    def follow(self, replay: Replay) -> None:
        """Another face of the same session: the chosen curves stay."""
        self._replay = replay
        self._show_gauge()

    @property
    def track(self) -> Track:
        """The values that are shown."""
        assert self._replay is not None
        return self._replay.track(self._state.choices.gauge)

    @property
    def colors(self) -> dict[str, str]:
        """The chosen names and their colours, in the order in which they were chosen."""
        palette = self._theme.curves
        return {name: palette[i % len(palette)] for i, name in enumerate(self._names)}

    def toggle(self, name: str) -> None:
        names = self._names
        names.remove(name) if name in names else names.append(name)
        self._show_chosen()
        self.chosen_changed.emit()

    def show_row(self, row: int) -> None:
        """Show the values of a row; without a face, those that the head holds, which look inactive."""
        if self._replay is None:
            return
        self._row, track = row, self.track
        held = int(self._replay.pose_row[row])
        values = np.zeros(len(track.gauge.names)) if held < 0 else track.values[held]
        self.bars.set_values(values, track.low, track.high)
        self.bars.set_presence(float(self._replay.rows.face[row] >= 0))
        self.legend.set_values({name: self.text(name) for name in (*self._names, *POSE)})

    def text(self, name: str) -> str:
        """The value at the cursor."""
        value = float(self.track.channels[name][self._row])
        if not np.isfinite(value):
            return "–"
        return f"{round(value):+d}°" if name in POSE else self.track.gauge.text(value)

    @property
    def _names(self) -> list[str]:
        if self._replay is None:
            return []
        return self._chosen.setdefault(self._state.choices.gauge, self.track.liveliest(_CURVES))

    def _changed(self) -> None:
        if self._replay is not None and self._shown != self._state.choices.gauge:
            self._show_gauge()
            self.switched.emit()

    def _show_gauge(self) -> None:
        self._shown = self._state.choices.gauge
        self.gauge.setCurrentText(texts.GAUGES[self._shown])
        self.bars.set_gauge(self.track.gauge)
        self._show_chosen()

    def _show_chosen(self) -> None:
        if self._replay is None:
            return
        colors, percent = self.colors, self.track.gauge.percent
        self.bars.set_curves({n: c for n, c in colors.items() if n not in POSE})
        entries = [Entry(n, texts.title(n, action=percent), c) for n, c in colors.items() if n not in POSE]
        entries += [Entry(n, texts.POSE[n], colors.get(n, "")) for n in POSE]
        self.legend.set_entries(entries)
        if self._row >= 0:
            self.show_row(self._row)
