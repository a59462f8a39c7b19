"""The main window's menus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from expnet_live.app import texts
from expnet_live.app.main_window.actions import APPEARANCE, LOOK, MENUS, PANELS, SEPARATOR, TURN
from expnet_live.app.state.choices import THEMES, ZOOMS, Choices
from expnet_live.app.state.streaming import Streaming
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.look_menus import LookMenus
from expnet_live.app.widgets.outputs_menu import OutputsMenu
from expnet_live.person.person import HEAD_TURN, Person

_TURNS = (0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0)  # gains of the head's turn


@dataclass(frozen=True)
class MenuCallbacks:
    look: Callable[..., None]
    appearance: Callable[[str], None]
    zoom: Callable[[int], None]
    gain: Callable[[str, float], None]
    keep_outputs: Callable[[bool], None]


class Menus:
    """The menu bar of `window`: the actions of the table, and menus of panels, appearance, size, look, head turn and
    outputs.
    """

    def __init__(
        self,
        window: QMainWindow,
        actions: Actions,
        docks: Iterable[QDockWidget],
        streaming: Streaming,
        on: MenuCallbacks,
    ) -> None:
        self._window, bar = window, window.menuBar()
        self.looks = LookMenus(window, on.look)
        self.outputs = OutputsMenu(bar, streaming, on.keep_outputs, actions["freeze"], actions["outputs"])
        panels = QMenu(texts.PANELS, window)
        panels.addActions([dock.toggleViewAction() for dock in docks])
        themes = dict(zip(THEMES, (texts.THEME_SYSTEM, texts.THEME_DARK, texts.THEME_LIGHT), strict=True))
        self._themes, appearance = self._choice(texts.THEME, themes, on.appearance)
        self._zooms, size = self._choice(texts.ZOOM, {z: texts.ZOOM_PERCENT.format(zoom=z) for z in ZOOMS}, on.zoom)
        size.setToolTip(texts.ZOOM_TIP)
        size.menuAction().setToolTip(texts.ZOOM_TIP)
        turns = {gain: texts.GAIN.format(gain=gain) for gain in _TURNS}
        self._turns, turn = self._choice(texts.TURN, turns, lambda gain: on.gain(HEAD_TURN, gain))
        turn.menuAction().setToolTip(texts.TURN_TIP)
        inner = {PANELS: (panels,), APPEARANCE: (appearance, size), LOOK: self.looks.menus, TURN: (turn,)}
        for title, names in MENUS.items():
            if title == texts.MENU_HELP:
                bar.addMenu(self.outputs)
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            for name in names:
                if name == SEPARATOR:
                    menu.addSeparator()
                elif name in inner:
                    for further in inner[name]:
                        menu.addMenu(further)
                else:
                    menu.addAction(actions[name])

    def show(self, choices: Choices, person: Person) -> None:
        """Check what is chosen, here and in the person's profile."""
        self.outputs.show_kept(choices.keep_outputs)
        turn = person.gains.get(HEAD_TURN, 1.0)
        for group, chosen in ((self._themes, choices.theme), (self._zooms, choices.zoom), (self._turns, turn)):
            for action in group.actions():
                action.setChecked(action.data() == chosen)

    def _choice(
        self, title: str, names: Mapping[Any, str], chosen: Callable[[Any], None]
    ) -> tuple[QActionGroup, QMenu]:
        """A menu in which one of several is chosen."""
        menu, group = QMenu(title, self._window), QActionGroup(self._window)
        for key, text in names.items():
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setData(key)
            group.addAction(action)
        group.triggered.connect(lambda action: chosen(action.data()))
        return group, menu
