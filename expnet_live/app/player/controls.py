"""The player's rows of buttons, and what their keys do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.player.time_line import TimeLine
from expnet_live.app.state.catalog import Option
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.controls import Chooser
from expnet_live.app.widgets.pieces import flat_button
from expnet_live.sessions.reading.playback import SPEEDS

_NO_FOCUS = Qt.FocusPolicy.NoFocus  # keys are for the player


@dataclass(frozen=True)
class _Spec:
    key: str
    text: str
    tip: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False


_SPECS = (
    _Spec("play", texts.PLAY, texts.PLAYER_PLAY_TIP, ("Space",), "play"),
    _Spec("back", texts.PLAYER_BACK, texts.PLAYER_BACK_TIP, ("Left", ","), "step_back"),
    _Spec("forth", texts.PLAYER_FORTH, texts.PLAYER_FORTH_TIP, ("Right", "."), "step_forth"),
    _Spec("previous", texts.PLAYER_PREVIOUS, texts.PLAYER_PREVIOUS_TIP, ("Ctrl+Left",), "previous"),
    _Spec("next", texts.PLAYER_NEXT, texts.PLAYER_NEXT_TIP, ("Ctrl+Right",), "next"),
    _Spec("begin", texts.PLAYER_BEGIN, texts.PLAYER_BEGIN, ("Home",)),
    _Spec("end", texts.PLAYER_END, texts.PLAYER_END, ("End",)),
    _Spec("loop", texts.LOOP, texts.PLAYER_LOOP_TIP, ("L",), "loop", checkable=True),
    _Spec("in", texts.PLAYER_IN, texts.PLAYER_IN_TIP, ("I",), "range_in"),
    _Spec("out", texts.PLAYER_OUT, texts.PLAYER_OUT_TIP, ("O",), "range_out"),
    _Spec("clear", texts.PLAYER_CLEAR, texts.PLAYER_CLEAR_TIP, ("Escape",), "close"),
    _Spec("all", texts.PLAYER_ALL, texts.PLAYER_ALL_TIP, ("A",), "whole"),
    _Spec("reset_view", texts.RESET_VIEW, texts.RESET_VIEW_TIP, ("R",), "reset"),
    _Spec("wireframe", texts.WIREFRAME, texts.WIREFRAME_TIP, ("W",), "wireframe", checkable=True),
    _Spec("painted", texts.PAINT, texts.PLAYER_PAINT_TIP, ("P",), "paint", checkable=True),
    _Spec("hair", texts.HAIR, texts.HAIR_TIP, ("J",), "hair", checkable=True),
    _Spec("follow", texts.FOLLOW, texts.PLAYER_FOLLOW_TIP, ("H",), "follow", checkable=True),
    _Spec("mirror", texts.MIRROR, texts.MIRROR_TIP, ("M",), "mirror", checkable=True),
)
ON_HEAD = ("reset_view", "wireframe", "painted", "hair", "follow", "mirror")


class PlayerActions:
    """By key; shortcuts work where `parent` or something in it has the keyboard."""

    def __init__(self, parent: QWidget, handlers: dict[str, Callable[..., object]]) -> None:
        self._actions: dict[str, QAction] = {}
        self._theme = DARK
        for spec in _SPECS:
            action = QAction(spec.text, parent)
            action.setObjectName(spec.key)
            keys = [QKeySequence(s) for s in spec.shortcuts]
            names = texts.PLAYER_OR.join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in keys)
            action.setToolTip(f"{spec.tip} ({names})" if names else spec.tip)
            action.setShortcuts(keys)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setCheckable(spec.checkable)
            signal = action.toggled if spec.checkable else action.triggered
            signal.connect(handlers[spec.key] if spec.checkable else _without_state(handlers[spec.key]))
            parent.addAction(action)
            self._actions[spec.key] = action

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def set_enabled(self, enabled: bool) -> None:
        for action in self._actions.values():
            action.setEnabled(enabled)

    def show_playing(self, playing: bool) -> None:
        name, play = "pause" if playing else "play", self._actions["play"]
        if play.data() != (name, self._theme.name):
            play.setData((name, self._theme.name))
            play.setText(texts.PAUSE if playing else texts.PLAY)
            play.setIcon(icons.icon(name, self._theme.text, disabled=self._theme.faint))

    def set_theme(self, theme: Theme) -> None:
        playing = self._actions["play"].data() is not None and self._actions["play"].data()[0] == "pause"
        self._theme = theme
        for spec in _SPECS:
            if spec.icon:
                checked = theme.on_accent if spec.key in ON_HEAD else theme.accent
                self._actions[spec.key].setIcon(icons.icon(spec.icon, theme.text, checked, theme.faint))
        self.show_playing(playing)


class PlayerControls(QWidget):
    """Time line, times, and the row of buttons; `speed_chosen` is called with a speed."""

    def __init__(
        self,
        actions: PlayerActions,
        speed_chosen: Callable[[float], None],
        overlay_chosen: Callable[[str], None],
        export: Callable[[], None],
    ) -> None:
        super().__init__()
        self.time_line = TimeLine()
        self.time, self.frame, self.range = QLabel(), QLabel(), QLabel()
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
        for chooser, letters in ((self.speed, 4), (self.overlay, 7)):
            chooser.setMinimumContentsLength(letters)
            chooser.setFocusPolicy(_NO_FOCUS)
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
        row = QHBoxLayout()
        row.setSpacing(2)
        for key in ("previous", "back", "play", "forth", "next"):
            row.addWidget(flat_button(actions[key], _NO_FOCUS))
        row.addSpacing(6)
        row.addWidget(self.speed)
        row.addSpacing(10)
        for key in ("loop", "in", "out", "clear"):
            row.addWidget(flat_button(actions[key], _NO_FOCUS))
        row.addSpacing(4)
        row.addWidget(self.range, 1)
        row.addWidget(flat_button(actions["all"], _NO_FOCUS))
        row.addSpacing(6)
        row.addWidget(self.overlay)
        row.addSpacing(10)
        row.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(scrub)
        column.addLayout(row)

    def set_theme(self, theme: Theme) -> None:
        self.time_line.set_theme(theme)
        self.speed.set_theme(theme)
        self.overlay.set_theme(theme)

    def set_total(self, end: float, frames: int) -> None:
        """Makes room for the longest texts, so that nothing moves while it plays."""
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


def _without_state(handler: Callable[[], object]) -> Callable[[bool], None]:
    def call(_: bool = False) -> None:
        handler()

    return call
