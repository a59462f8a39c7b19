"""Stores choices and the window's layout in Qt's settings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QObject, QSettings, QTimer

from expnet_live.app.state.choices import Choices
from expnet_live.app.state.window_state import WindowState

LAYOUT_VERSION = 3  # increase this when panels are added or removed: old layouts are then ignored
_PAUSE = 500  # ms after a change


def open_settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "expnet-live", "expnet-live")


def load_choices(settings: QSettings) -> Choices:
    return Choices.from_json(str(settings.value("choices", "")))


def save_choices(settings: QSettings, choices: Choices) -> None:
    settings.setValue("choices", choices.to_json())


class Keeper(QTimer):
    """Saves the choices soon after they change, so that no crash forgets them. `failed` is called, once, with the file
    that cannot be written."""

    def __init__(self, parent: QObject, settings: QSettings, state: WindowState, failed: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._failed: Callable[[str], None] | None = failed
        self._settings, self._state, self._kept = settings, state, state.choices
        self.setSingleShot(True)
        self.setInterval(_PAUSE)
        self.timeout.connect(self.save)
        state.observe(self._changed)

    def _changed(self) -> None:
        if self._state.choices != self._kept and not self.isActive():
            self.start()

    def save(self) -> None:
        self.stop()
        self._kept = self._state.choices
        save_choices(self._settings, self._kept)
        self._settings.sync()
        if self._settings.status() is QSettings.Status.AccessError and self._failed is not None:
            self._failed(self._settings.fileName())
            self._failed = None


def load_layout(settings: QSettings) -> tuple[QByteArray, QByteArray] | None:
    """Geometry and state of the window, or None if none was saved."""
    geometry, state = settings.value("geometry"), settings.value("state")
    if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
        return geometry, state
    return None


def save_layout(settings: QSettings, geometry: QByteArray, state: QByteArray) -> None:
    settings.setValue("geometry", geometry)
    settings.setValue("state", state)
