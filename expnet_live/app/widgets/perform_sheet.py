"""The sheet that asks a person to perform, and shows what is seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QWidget

from expnet_live.app import texts
from expnet_live.app.state.performing import HELD, READY, Performance, Phase
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.watching_sheet import WatchingSheet
from expnet_live.live.state import LiveState


class PerformSheet(WatchingSheet):
    """`keep` gets the full actions when the person keeps them; closing the sheet before keeps nothing."""

    def __init__(
        self, parent: QWidget, state: WindowState, theme: Theme, keep: Callable[[dict[str, float]], None]
    ) -> None:
        self.performance, self.meter = Performance(), Meter(theme)
        self._keep = keep
        self.again, self.skip = QPushButton(texts.PERFORM_AGAIN), QPushButton(texts.PERFORM_SKIP)
        super().__init__(parent, state, theme, texts.PERFORM, self.meter, (self.again, self.skip))
        self.again.clicked.connect(self._again)
        self.skip.clicked.connect(self._skip)

    def _take(self, live: LiveState) -> None:
        self.performance.add(live.faces[0].rested if live.faces else None, live.captured.grabbed)

    def _show(self) -> None:
        p = self.performance
        title, how = texts.REQUESTS[p.request.name]
        n = len(p.requests)
        if p.phase is Phase.DONE:
            title, how = texts.PERFORM_DONE if p.full else texts.PERFORM_NOTHING
        elif self.waits:
            how = texts.PERFORM_WAITING
        elif p.phase is Phase.MISSED:
            how = texts.PERFORM_MISSED
        elif p.phase is Phase.READY:
            how = f"{how} {texts.PERFORM_READY}"
        self.title.setText(title if p.phase is Phase.DONE else f"{p.step + 1}/{n}   {title}")
        self.how.setText(how)
        self.meter.show_phase(p)
        self.again.setVisible(p.phase is Phase.MISSED)
        self.skip.setVisible(p.phase is not Phase.DONE)
        self.keep.setVisible(p.phase is Phase.DONE and bool(p.full))

    def _again(self) -> None:
        self.performance.again()
        self._show()

    def _skip(self) -> None:
        self.performance.skip()
        self._show()

    def _kept(self) -> None:
        self.close()
        self._keep(dict(self.performance.full))


class Meter(QWidget):
    """How strongly the requested action is seen, how long to hold it, and which requests are done."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._performance: Performance | None = None
        self.setFixedHeight(44)

    def show_phase(self, performance: Performance) -> None:
        self._performance = performance
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        p, t, painter = self._performance, self._theme, QPainter(self)
        if p is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(0, 2, self.width() - 58, 14)
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(bar, 7, 7)
        share = 0.0 if p.phase is Phase.DONE else min(p.level, 1.0)
        if share > 0.02:
            painter.setBrush(QColor(t.accent if p.phase is Phase.HOLD else t.faint))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(share * bar.width(), 14), bar.height()), 7, 7)
        if p.phase in (Phase.READY, Phase.HOLD):
            whole = READY if p.phase is Phase.READY else HELD
            ring = QRectF(self.width() - 40, 2, 38, 38)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.raised), 4))
            painter.drawEllipse(ring.adjusted(3, 3, -3, -3))
            painter.setPen(QPen(QColor(t.accent if p.phase is Phase.HOLD else t.muted), 4))
            painter.drawArc(ring.adjusted(3, 3, -3, -3), 90 * 16, -round(360 * 16 * (1 - p.left / whole)))
            painter.setPen(QColor(t.text))
            if p.phase is Phase.HOLD:
                painter.drawText(ring, Qt.AlignmentFlag.AlignCenter, f"{p.left:.0f}")
        painter.setPen(Qt.PenStyle.NoPen)
        for i, request in enumerate(p.requests):
            done = any(name in p.full for name in request.actions)
            color = t.accent if done else t.muted if i == p.step else t.line
            painter.setBrush(QColor(color))
            painter.drawEllipse(QRectF(2 + 18 * i, 30, 9, 9))
