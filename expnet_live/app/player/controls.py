"""The player's rows of buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.player.time_line import TimeLine
from expnet_live.app.state.catalog import Option
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.controls import Chooser
from expnet_live.app.widgets.pieces import PlainLabel, flat_button
from expnet_live.sessions.reading.playback import SPEEDS

_NO_FOCUS = Qt.FocusPolicy.NoFocus  # the player handles the keys


class PlayerControls(QWidget):
    """Time line, times, and the row of buttons; `speed_chosen` is called with a speed."""

    def __init__(
        self,
        actions: Actions,
        speed_chosen: Callable[[float], None],
        overlay_chosen: Callable[[str], None],
        export: Callable[[], None],
    ) -> None:
        super().__init__()
        self.time_line = TimeLine()
        self.time, self.frame, self.range = PlainLabel(), PlainLabel(), PlainLabel()
        self.time.setToolTip(texts.PLAYER_TIME_TIP)
        self.frame.setToolTip(texts.PLAYER_FRAME_TIP)
        self.range.setToolTip(texts.PLAYER_RANGE_TIP)
        for label in (self.time, self.frame, self.range):
            label.setObjectName("Muted")
        self.frame.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speed = Chooser(texts.PLAYER_SPEED_TIP, lambda v: speed_chosen(float(str(v))))
        self.speed.set_options([Option(s, texts.PLAYER_SPEED.format(speed=s)) for s in SPEEDS], 1.0)
        self.overlay = Chooser(texts.OVERLAY, lambda v: overlay_chosen(str(v)))
        self.overlay.set_options([Option(k, v) for k, v in texts.OVERLAYS.items()], "contours")
        for chooser, letters in ((self.speed, 3), (self.overlay, 6)):
            chooser.setMinimumContentsLength(letters)
            chooser.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # no key of the player chooses from them
            chooser.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.export = QPushButton(texts.PLAYER_EXPORT)
        self.export.setObjectName("Primary")
        self.export.setToolTip(texts.PLAYER_EXPORT_TIP)
        self.export.setFocusPolicy(_NO_FOCUS)
        self.export.clicked.connect(export)
        scrub = QHBoxLayout()
        scrub.setSpacing(8)
        scrub.addWidget(self.time)
        scrub.addWidget(self.time_line, 1)
        scrub.addWidget(self.frame)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(2)
        for key in ("previous", "back", "play", "forth", "next", "mark"):
            first.addWidget(flat_button(actions[key], _NO_FOCUS))
        first.addSpacing(4)
        first.addWidget(self.speed)
        first.addSpacing(4)
        for key in ("loop", "in", "out", "clear"):
            first.addWidget(flat_button(actions[key], _NO_FOCUS))
        first.addStretch(1)
        second.addWidget(self.range, 1)
        second.addWidget(flat_button(actions["send"], _NO_FOCUS))
        second.addWidget(flat_button(actions["all"], _NO_FOCUS))
        second.addSpacing(4)
        second.addWidget(self.overlay)
        second.addSpacing(6)
        second.addWidget(self.export)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._rows.setSpacing(4)
        self._rows.addLayout(first)
        self._rows.addLayout(second, 1)
        self._parts = first, second
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(scrub)
        column.addLayout(self._rows)

    def minimumSizeHint(self) -> QSize:
        """As narrow as in two rows."""
        return QSize(max(part.minimumSize().width() for part in self._parts), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = sum(part.minimumSize().width() for part in self._parts) + self._rows.spacing()
        way = QBoxLayout.Direction
        self._rows.setDirection(way.LeftToRight if self.width() >= needed else way.TopToBottom)

    def set_theme(self, theme: Theme) -> None:
        self.time_line.set_theme(theme)
        self.speed.set_theme(theme)
        self.overlay.set_theme(theme)

    def set_total(self, end: float, frames: int) -> None:
        """Reserve room for the longest texts, so that nothing moves while it plays."""
        self._end = end
        metrics = self.time.fontMetrics()
        clock = texts.player_clock(end, fine=True)
        self.time.setMinimumWidth(metrics.horizontalAdvance(texts.PLAYER_TIME.format(at=clock, end=clock)) + 4)
        self.frame.setMinimumWidth(metrics.horizontalAdvance(texts.PLAYER_FRAME.format(frame=frames)) + 4)

    def show_moment(self, time: float, frame: int) -> None:
        at, end = texts.player_clock(time, fine=True), texts.player_clock(self._end, fine=True)
        self.time.setText(texts.PLAYER_TIME.format(at=at, end=end))
        self.frame.setText(texts.PLAYER_FRAME.format(frame=frame))

    def show_range(self, wanted: tuple[float, float] | None) -> None:
        self.time_line.set_range(wanted)
        clocks = [] if wanted is None else [texts.player_clock(v, fine=True) for v in wanted]
        self.range.setText(texts.PLAYER_RANGE.format(start=clocks[0], end=clocks[1]) if clocks else "")
