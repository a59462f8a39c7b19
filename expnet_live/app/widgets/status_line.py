"""The status line at the bottom: device, rates, drops, latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStatusBar

from expnet_live.app import texts
from expnet_live.app.widgets.pieces import OpenLock, PlainLabel, as_shown

_MARGIN, _GAP = 12, 6  # px


class StatusLine(QStatusBar):
    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.message = PlainLabel()
        self.message.setObjectName("Recording")
        self.addWidget(self.message, 1)
        self.outputs, self.device, self.rate, self.drops, self.latency = (PlainLabel() for _ in range(5))
        self.outputs.setToolTip(texts.STATUS_OUTPUTS_TIP)
        self.device.setToolTip(texts.STATUS_DEVICE_TIP)
        self.rate.setToolTip(texts.STATUS_RATE_TIP)
        self.lock = OpenLock()
        for label in (self.lock, self.outputs, self.device, self.rate, self.drops, self.latency):
            self.addPermanentWidget(label)
        self.message.setMinimumWidth(1)
        self.refresh("–", (0.0, 0.0, 0.0), (0, 0), 0.0, {})

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show no label in part: where there is no room, leave out whole ones, the least important first."""
        left = self.width() - _MARGIN - (self.lock.sizeHint().width() + _GAP if not self.lock.isHidden() else 0)
        if self.message.text():
            left -= self.message.sizeHint().width() + _GAP
        for label in (self.outputs, self.latency, self.rate, self.drops, self.device):
            left -= label.sizeHint().width() + _GAP if label.text() else 0
            shown = bool(label.text()) and left >= 0
            if label.isHidden() == shown:
                label.setVisible(shown)

    def show_recording(self, text: str, tip: str) -> None:
        self.message.setText(f"●  {text}" if text else "")
        self._fit()
        self.message.setToolTip(as_shown(tip))

    def show_outputs(
        self,
        names: Sequence[str],
        leaving: Sequence[str] = (),
        fetchable: Sequence[str] = (),
        complaints: Mapping[str, str] | None = None,
        played: bool = False,
        frozen: bool = False,
    ) -> None:
        """The outputs that are on, with complaints by name, and a lock for those whose data leave this computer, or can
        be fetched by others. `played`: whether they get a session instead of the live face; `frozen`: whether they get
        the same moment again and again."""
        troubled = complaints or {}
        usual = texts.STATUS_OUTPUT_PLAYS if played else "{name}"
        shown = [(texts.STATUS_OUTPUT_WAITS if n in troubled else usual).format(name=n) for n in names]
        tips = ((texts.OUTPUT_LEAVES_TIP, leaving), (texts.OUTPUT_FETCHED_TIP, fetchable))
        self.lock.setVisible(bool(leaving or fetchable))
        self.lock.setToolTip("\n".join(tip.format(names=", ".join(them)) for tip, them in tips if them))
        parts = [texts.STATUS_OUTPUTS.format(names=", ".join(shown))] if names else []
        self.outputs.setText(texts.STATUS_AND.join([*parts, texts.STATUS_FROZEN] if frozen else parts))
        self.outputs.setToolTip("\n".join((texts.STATUS_OUTPUTS_TIP, *troubled.values())))
        self._fit()

    def refresh(
        self,
        device: str,
        rates: tuple[float, float, float],
        drops: tuple[int, int],
        latency: float,
        stages: dict[str, float],
    ) -> None:
        """Show rates of source, network and screen in Hz, drops before network and screen, and times in seconds."""
        self.device.setText(texts.STATUS_DEVICE.format(device=texts.DEVICES.get(device, device)))
        self.rate.setText(texts.STATUS_RATE.format(source=rates[0], network=rates[1], screen=rates[2]))
        self.drops.setText(texts.STATUS_DROPS.format(frames=drops[0], states=drops[1]))
        self.drops.setToolTip(texts.STATUS_DROPS_TIP.format(frames=drops[0], states=drops[1]))
        self.latency.setText(texts.STATUS_LATENCY.format(ms=1000 * latency))
        parts = ", ".join(f"{texts.STAGES.get(k, k)} {1000 * v:.1f}" for k, v in stages.items())
        self.latency.setToolTip(texts.STATUS_STAGES_TIP.format(stages=parts or "none yet"))
        self._fit()
