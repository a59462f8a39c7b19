"""Keys of a window that the widget with the keyboard needs itself: a shortcut would take Space from every button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QTabBar, QWidget
from shiboken6 import getCppPointer

from expnet_live.app.widgets.bars_view import PRESS, BarsView
from expnet_live.app.widgets.marker_sheets import Swatches

_PRESS = (Qt.Key.Key_Space, Qt.Key.Key_Select)
_TURN = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_OWN: dict[type[QWidget], tuple[Qt.Key, ...]] = {
    QAbstractButton: _PRESS,
    QComboBox: _PRESS,
    QTabBar: _TURN,
    BarsView: PRESS,
    Swatches: _TURN,
}


class OwnKeys(QObject):
    """Gives these keys to a button, list, row of tabs or the bars of `window` that Tab has led to.

    Who has clicked it with the mouse means the window: then Space still plays and pauses.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._clicked = False
        self._at: tuple[int, ...] = ()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._moved)
        window.installEventFilter(self)

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        # It leaves for menus, opened lists and other windows, and comes back where it was.
        if new is not None and new.window() is self._window and (at := getCppPointer(new)) != self._at:
            self._at = at
            self._clicked = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and not self._clicked:
            at = self._window.focusWidget()
            keys = next((keys for kind, keys in _OWN.items() if isinstance(at, kind)), ())
            if event.key() in keys and not event.modifiers():
                event.accept()
                return True
        return False
