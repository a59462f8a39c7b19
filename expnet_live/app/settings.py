"""Stores choices and the window's layout in Qt's settings."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from expnet_live.app.state.choices import Choices

LAYOUT_VERSION = 3  # increase this when panels are added or removed: old layouts are then ignored


def open_settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "expnet-live", "expnet-live")


def load_choices(settings: QSettings) -> Choices:
    return Choices.from_json(str(settings.value("choices", "")))


def save_choices(settings: QSettings, choices: Choices) -> None:
    settings.setValue("choices", choices.to_json())


def load_layout(settings: QSettings) -> tuple[QByteArray, QByteArray] | None:
    """Geometry and state of the window, or None if none was saved."""
    geometry, state = settings.value("geometry"), settings.value("state")
    if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
        return geometry, state
    return None


def save_layout(settings: QSettings, geometry: QByteArray, state: QByteArray) -> None:
    settings.setValue("geometry", geometry)
    settings.setValue("state", state)
