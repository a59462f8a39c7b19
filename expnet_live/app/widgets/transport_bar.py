"""Play, pause, loop and a slider for clips."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QWidget

from expnet_live.app import texts
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.pieces import PlainLabel, flat_button
from expnet_live.live.transport import Transport

_STEPS = 1000


class _SeekSlider(QSlider):
    """Moves to where it is clicked, and can be dragged on from there."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            control, style = QStyle.ComplexControl.CC_Slider, self.style()
            handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
            groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
            at = round(event.position().x() - handle.width() / 2) - groove.x()
            self.setSliderDown(True)
            self.setSliderPosition(
                QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at, groove.width() - handle.width())
            )
        super().mousePressEvent(event)


class TransportBar(QWidget):
    """Shows and controls a Transport; hidden while there is none."""

    def __init__(self, actions: Actions) -> None:
        """With buttons for the actions `play` and `loop`."""
        super().__init__()
        self._transport: Transport | None = None
        self._actions = actions
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(6)
        play, loop = flat_button(actions["play"]), flat_button(actions["loop"])
        self._slider = _SeekSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _STEPS)
        self._slider.setToolTip(texts.SEEK_TIP)
        self._slider.setAccessibleName(texts.SEEK)
        self._slider.sliderMoved.connect(self._seek)
        self._slider.actionTriggered.connect(lambda _: self._seek(self._slider.sliderPosition()))
        self._time = PlainLabel("0:00")
        self._time.setObjectName("Muted")
        row.addWidget(play)
        row.addWidget(self._slider, 1)
        row.addWidget(self._time)
        row.addWidget(loop)
        QWidget.setTabOrder(self._slider, loop)

    def set_transport(self, transport: Transport | None) -> None:
        self._transport = transport
        self.setVisible(transport is not None)
        self.refresh()

    def refresh(self) -> None:
        transport = self._transport
        if transport is None:
            return
        self._actions.show_playing(transport.playing)
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
