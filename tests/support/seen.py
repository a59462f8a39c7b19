"""Helpers to inspect the window."""

from __future__ import annotations

from typing import Any

import numpy as np
import waiting
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QPushButton

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.banners import BannerStack
from expnet_live.core.types import Array

LONG = waiting.LONG


def pixels(image: QImage) -> Array:
    """RGB (H, W, 3) float."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(float)


def bgra(image: QImage) -> Array:
    """BGRA (H, W, 4) float of a picture with 32 bits a pixel."""
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(float)


def wears(window: MainWindow, name: str) -> bool:
    """Whether the head of that name is shown, with a face."""
    faces, shown = window.controller.faces, window.presenter.head
    return bool(faces) and faces[0].head.name == name and shown is not None and shown.name == name


def head(qtbot: Any, window: MainWindow, puppet: Puppet, **coefficients: float) -> Array:
    """The head's picture when it shows those coefficients."""
    puppet.show(**coefficients)
    names, wanted = puppet.model.names, puppet.expression

    def there() -> bool:
        state = window.controller.state
        # The head itself comes from a thread of its own, perhaps after the first face.
        if window.presenter.first_face is None:
            return False
        return state is not None and bool(state.faces) and np.allclose(state.faces[0].expression, wanted, atol=0.05)

    qtbot.waitUntil(there, timeout=LONG)
    assert len(names) == len(wanted)
    return pixels(window.parts.head.picture())


def pick(chooser: QComboBox, index: int) -> None:
    """Choose an entry like a user."""
    chooser.setCurrentIndex(index)
    chooser.activated.emit(index)


def press(qtbot: Any, stack: BannerStack, text: str) -> None:
    """The button with that text in a banner."""
    (button,) = [b for b in stack.findChildren(QPushButton) if b.text() == text]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def banners(window: MainWindow) -> dict[str, str]:
    return window.parts.banners.texts
