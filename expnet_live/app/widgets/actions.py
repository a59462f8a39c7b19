"""Tables of actions: menus, buttons, tool tips, keys and the page of shortcuts all follow from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from expnet_live.app import icons, texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.pieces import check_quietly

T = TypeVar("T")


class Tint(Enum):
    """The colours of an icon, by its background while the action is on."""

    FLOATING = auto()  # the accent
    FLAT = auto()  # none
    RECORD = auto()  # red


@dataclass(frozen=True)
class ActionSpec(Generic[T]):
    """A row of a table. `do` gets the target; an on-off action has `switch` instead, which gets the target and the
    state.

    `keys` are alternatives, in Qt's syntax.
    """

    name: str
    text: str
    tip: str = ""
    keys: tuple[str, ...] = ()
    icon: str = ""
    do: Callable[[T], object] | None = None
    switch: Callable[[T, bool], object] | None = None
    tint: Tint = Tint.FLOATING

    @property
    def title(self) -> str:
        """The text without menu mnemonics."""
        return self.text.replace("&", "").rstrip("…")

    @property
    def shortcut(self) -> str:
        """The keys as a text for the user; empty if there are none."""
        native = QKeySequence.SequenceFormat.NativeText
        return texts.KEYS_OR.join(QKeySequence(key).toString(native) for key in self.keys)


class Actions:
    """A table's actions by their names, for `target`. Keys work in the window of `parent`, or as `context` says."""

    def __init__(
        self,
        parent: QWidget,
        table: Sequence[ActionSpec[T]],
        target: T,
        context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut,
    ) -> None:
        self._table: dict[str, ActionSpec[Any]] = {spec.name: spec for spec in table}
        self._actions: dict[str, QAction] = {}
        self._theme = DARK
        self._playing = False
        for spec in table:
            action = QAction(spec.text, parent)
            action.setObjectName(spec.name)
            tip = spec.tip or spec.title
            action.setToolTip(f"{tip} ({spec.shortcut})" if spec.keys else tip)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setShortcutContext(context)
            if spec.switch is not None:
                action.setCheckable(True)
                action.setIconVisibleInMenu(False)  # a check mark shows there whether it is on
                action.toggled.connect(lambda on, act=spec.switch: act(target, on))
            elif spec.do is not None:
                action.triggered.connect(lambda _=False, act=spec.do: act(target))
            parent.addAction(action)
            self._actions[spec.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def title(self, name: str) -> str:
        """The text of an action without menu mnemonics."""
        return self._table[name].title

    def all(self) -> list[QAction]:
        return list(self._actions.values())

    def check(self, name: str, on: bool) -> None:
        """Set it without calling back."""
        check_quietly(self._actions[name], on)

    def set_enabled(self, enabled: bool) -> None:
        for action in self._actions.values():
            action.setEnabled(enabled)

    def show_playing(self, playing: bool) -> None:
        """Make the action `play` name and show what it would do."""
        if playing != self._playing:
            self._playing = playing
            self._actions["play"].setText(texts.PAUSE if playing else texts.PLAY)
            self._paint(self._table["play"])

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for spec in self._table.values():
            self._paint(spec)

    def _paint(self, spec: ActionSpec[Any]) -> None:
        if spec.icon:
            theme = self._theme
            usual, checked = {
                Tint.FLOATING: (theme.text, theme.on_accent),
                Tint.FLAT: (theme.text, theme.accent),
                Tint.RECORD: (theme.recording, "#ffffff"),
            }[spec.tint]
            name = "pause" if spec.name == "play" and self._playing else spec.icon
            self._actions[spec.name].setIcon(icons.icon(name, usual, checked, theme.faint))
