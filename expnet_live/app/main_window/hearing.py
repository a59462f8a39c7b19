"""The keys that act while another window is in front: which the user chose, and what they do."""

from __future__ import annotations

from collections import deque

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QKeySequenceEdit

from expnet_live.app import texts
from expnet_live.app.main_window.actions import GLOBAL
from expnet_live.app.main_window.notice import Notice
from expnet_live.app.platform.global_keys import GlobalKeys, combination
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.widgets.actions import Actions
from expnet_live.core.errors import UserError

_NATIVE, _PORTABLE = QKeySequence.SequenceFormat.NativeText, QKeySequence.SequenceFormat.PortableText


class Hearing:
    """Triggers the actions of GLOBAL by the keys of the choices; says in `notices` where that cannot work."""

    def __init__(self, state: WindowState, actions: Actions, notices: deque[Notice]) -> None:
        self._state, self._actions, self._notices = state, actions, notices
        self._keys = GlobalKeys()
        self._used: dict[str, str] = {}
        state.observe(self._use)
        self._use()

    @property
    def titles(self) -> dict[str, str]:
        """Of the actions that can have such keys, by their names."""
        return {name: self._actions.title(name) for name in GLOBAL}

    def choose(self, name: str, key: str) -> str:
        """Give an action another key, in Qt's portable text, or none. Return why it is not taken, or an empty text."""
        others = {n: k for n, k in self._state.choices.global_keys.items() if n != name}
        if key:
            try:
                combination(key)
            except UserError as error:
                return str(error)
            own = [(a.objectName(), k.toString(_PORTABLE)) for a in self._actions.all() for k in a.shortcuts()]
            taken = next((n for n, k in (*own, *others.items()) if k == key), None)
            if taken is not None:
                shown = QKeySequence(key).toString(_NATIVE)
                return texts.GLOBAL_KEY_TAKEN.format(key=shown, title=self._actions.title(taken))
            others[name] = key
        self._state.choose(global_keys=others)
        return ""

    def act(self) -> None:
        """Do what the keys that were pressed meanwhile say."""
        try:
            heard = self._keys.take()
        except UserError as error:
            self._tell(error)
            return
        for name in heard:
            if not isinstance(QApplication.focusWidget(), QKeySequenceEdit):  # in which one is being chosen
                self._actions[name].trigger()

    def close(self) -> None:
        self._keys.close()

    def _use(self) -> None:
        wanted = {name: key for name, key in self._state.choices.global_keys.items() if name in GLOBAL}
        if wanted == self._used:
            return
        self._used = wanted
        try:
            self._keys.use(wanted)
        except UserError as error:
            self._tell(error)

    def _tell(self, error: UserError) -> None:
        self._notices.append(Notice("global keys", "warning", str(error)))
