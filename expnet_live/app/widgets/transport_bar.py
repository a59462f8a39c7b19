"""Play, pause, loop and a slider for clips."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.live.transport import Transport

_STEPS = 1000


class TransportBar(QWidget):
    """Shows and changes a Transport; hidden while there is none."""

    def __init__(self, play: QAction, loop: QAction) -> None:
        super().__init__()
        self._transport: Transport | None = None
        self._theme = DARK
        self._play_action = play
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(6)
        for action in (play, loop):
            button = QToolButton()
            button.setObjectName("Flat")
            button.setDefaultAction(action)
            row.addWidget(button)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _STEPS)
        self._slider.setToolTip(texts.SEEK_TIP)
        self._slider.sliderMoved.connect(self._seek)
        self._slider.actionTriggered.connect(lambda _: self._seek(self._slider.sliderPosition()))
        row.insertWidget(1, self._slider, 1)
        self._time = QLabel("0:00")
        self._time.setObjectName("Muted")
        row.insertWidget(2, self._time)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()

    def set_transport(self, transport: Transport | None) -> None:
        self._transport = transport
        self.setVisible(transport is not None)
        self.refresh()

    def refresh(self) -> None:
        transport = self._transport
        if transport is None:
            return
        name = "pause" if transport.playing else "play"
        if self._play_action.data() != (name, self._theme.name):
            self._play_action.setData((name, self._theme.name))
            self._play_action.setIcon(icons.icon(name, self._theme.text))
            self._play_action.setText(texts.PAUSE if transport.playing else texts.PLAY)
        duration = transport.duration
        self._slider.setEnabled(bool(duration))
        if duration and not self._slider.isSliderDown():
            self._slider.setValue(round(_STEPS * min(1.0, transport.position / duration)))
        self._time.setText(_clock(transport.position) + (f" / {_clock(duration)}" if duration else ""))

    def _seek(self, step: int) -> None:
        if self._transport is not None and self._transport.duration:
            self._transport.seek(step / _STEPS * self._transport.duration)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
