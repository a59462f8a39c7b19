"""The widgets of the main window, created and named in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.state import catalog
from expnet_live.app.state.choices import SPANS
from expnet_live.app.state.streaming import Streaming
from expnet_live.app.theme import Theme, Themed
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.banners import BannerStack
from expnet_live.app.widgets.bars_view import BarsView
from expnet_live.app.widgets.camera_view import CameraView
from expnet_live.app.widgets.controls import Chooser, ControlCallbacks, Controls
from expnet_live.app.widgets.curves_view import CurvesView
from expnet_live.app.widgets.docks import Dock
from expnet_live.app.widgets.gestures_panel import GestureCallbacks, GesturesPanel
from expnet_live.app.widgets.head_view import HeadView
from expnet_live.app.widgets.outputs_panel import OutputsPanel
from expnet_live.app.widgets.pieces import Scrolled
from expnet_live.app.widgets.status_line import StatusLine
from expnet_live.app.widgets.transport_bar import TransportBar

_LEAST, _SMALLEST = 264, QSize(260, 100)  # px of banners and head together, and of the head alone


@dataclass(frozen=True)
class PartCallbacks:
    controls: ControlCallbacks
    gestures: GestureCallbacks
    keep_outputs: Callable[[bool], None]
    overlay: Callable[[object], None]
    span: Callable[[object], None]
    gauge: Callable[[object], None]
    bar_clicked: Callable[[str], None]
    face_clicked: Callable[[int], None]
    gain: Callable[[str, float], None]
    head_failed: Callable[[str], None]


class Parts:
    """`docks` by key; `central` holds banners and the head, above which the actions `on_head` float."""

    def __init__(self, actions: Actions, on_head: Sequence[str], on: PartCallbacks, streaming: Streaming) -> None:
        self.camera = CameraView()
        self.camera.setToolTip(texts.CAMERA_TIP)
        self.camera.picked.connect(on.face_clicked)
        self.transport = TransportBar(actions)
        self.head = HeadView(on.head_failed)
        self.head.setMinimumSize(_SMALLEST)
        self.bars = BarsView(on.bar_clicked, on.gain)
        self.curves = CurvesView(on.bar_clicked)
        self.controls = Controls(on.controls, actions["refresh"], actions["calibrate"], actions["forget"])
        self.gestures = GesturesPanel(on.gestures)
        self.outputs = OutputsPanel(streaming, on.keep_outputs)
        self.central = QWidget()
        # Otherwise each banner would take its height from the panels for good.
        self.central.setMinimumHeight(_LEAST)
        self.banners = BannerStack(self.central)
        self.status = StatusLine()
        self.overlay = Chooser(texts.OVERLAY, on.overlay)
        self.overlay.set_options([catalog.Option(k, v) for k, v in texts.OVERLAYS.items()], None)
        self.span = Chooser(texts.CURVES_SPAN_TIP, on.span)
        self.span.set_options([catalog.Option(n, texts.SECONDS.format(n=n)) for n in SPANS], None)
        self.gauge = Chooser(texts.GAUGE_TIP, on.gauge)
        self.gauge.setAccessibleName(texts.GAUGE)
        self.gauge.set_options([catalog.Option(k, v) for k, v in texts.GAUGES.items()], None)
        for small in (self.overlay, self.span, self.gauge):
            small.setProperty("small", True)
            small.setMaximumWidth(150 if small is self.gauge else 112)
        for name in on_head:
            self.head.add_action(actions[name])
        seen = QWidget()
        column = QVBoxLayout(seen)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.camera, 1)
        column.addWidget(self.transport)
        self.docks = {
            "camera": Dock("camera", texts.CAMERA, seen, (self.overlay,)),
            "controls": Dock("controls", texts.CONTROLS, self.controls),
            "expression": Dock("expression", texts.EXPRESSION, Scrolled(self.bars), (self.gauge,)),
            "gestures": Dock("gestures", texts.GESTURES, Scrolled(self.gestures)),
            "outputs": Dock("outputs", texts.OUTPUTS, Scrolled(self.outputs)),
            "curves": Dock("curves", texts.CURVES, self.curves, (self.span,)),
        }
        middle = QVBoxLayout(self.central)
        middle.setContentsMargins(0, 4, 0, 0)
        middle.setSpacing(8)
        middle.addWidget(self.banners)
        middle.addWidget(self.head, 1)

    def set_theme(self, theme: Theme) -> None:
        views: tuple[Themed, ...] = (
            self.camera,
            self.head,
            self.bars,
            self.curves,
            self.controls,
            self.gestures,
            self.outputs,
            self.banners,
        )
        for part in (*views, self.overlay, self.span, self.gauge, *self.docks.values()):
            part.set_theme(theme)
