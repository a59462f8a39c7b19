"""The head in a window of its own: its pixels as a mixer captures them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget
from seen import LONG, pixels

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.choices import Choices
from expnet_live.app.widgets.head_window import HeadWindow
from expnet_live.core.types import Array


def opened(qtbot: Any, window: MainWindow) -> HeadWindow:
    window.actions_["head_window"].trigger()
    (made,) = [w for w in QGuiApplication.instance().topLevelWidgets() if isinstance(w, HeadWindow) and w.isVisible()]
    qtbot.waitUntil(lambda: alpha(made)[320, 320] == 255, timeout=LONG)
    return made


def alpha(window: QWidget) -> Array:
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_ARGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, 3 : 4 * image.width() : 4].copy()


def on_screen(window: QWidget) -> Array:
    """As another program captures it."""
    return pixels(QGuiApplication.primaryScreen().grabWindow(window.winId()).toImage())


def ground(window: HeadWindow, key: str) -> None:
    (action,) = [a for a in window.grounds if a.data() == key]
    action.trigger()


def test_transparent_then_a_key_colour(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    made = opened(qtbot, window)
    shape = alpha(made)
    corners = ([0, 0, -1, -1], [0, -1, 0, -1])
    assert (shape[corners] == 0).all() and (shape == 255).mean() > 0.1
    assert ((shape > 0) & (shape < 255)).any()  # soft edges
    for key, color in (("#00ff00", (0, 255, 0)), ("#ff00ff", (255, 0, 255))):
        ground(made, key)
        assert window.controller.choices.ground == key
        qtbot.waitUntil(lambda color=color: (on_screen(made)[corners] == color).all(), timeout=LONG)
        seen = on_screen(made)
        keyed = (seen == color).all(2)
        assert 0.2 < keyed.mean() < 0.9
        # Nothing is nearly the key colour: edges are hard.
        assert (np.abs(seen - color).max(2)[~keyed] > 60).mean() > 0.99
    ground(made, "transparent")
    assert (alpha(made)[corners] == 0).all()
    assert Choices.from_json(window.controller.choices.to_json()).ground == "transparent"
    assert Choices.from_json('{"ground": "#123456"}').ground == "transparent"


def test_it_moves_with_the_face_and_the_view(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    made = opened(qtbot, window)
    ground(made, "#0000ff")
    rest = on_screen(made)
    puppet.show(jawOpen=4.0)
    qtbot.waitUntil(lambda: np.abs(on_screen(made) - rest).mean() > 0.5, timeout=LONG)
    wide = on_screen(made)
    puppet.show(jawOpen=-1.0)
    qtbot.waitUntil(lambda: np.abs(on_screen(made) - wide).mean() > 0.5, timeout=LONG)
    rest = on_screen(made)
    window.parts.head.orbit.drag(120, 0)
    qtbot.waitUntil(lambda: np.abs(on_screen(made) - rest).mean() > 3, timeout=LONG)
    window.actions_["wireframe"].trigger()
    assert made.view.finish.wireframe


def test_it_closes_and_opens_again(qtbot: Any, window: MainWindow) -> None:
    made = opened(qtbot, window)
    assert window.actions_["head_window"].isChecked()
    made.close()
    qtbot.waitUntil(lambda: not window.actions_["head_window"].isChecked(), timeout=LONG)
    assert window.presenter.heads == [window.parts.head]
    again = opened(qtbot, window)
    window.actions_["head_window"].trigger()
    assert not again.isVisible()


def test_it_closes_with_the_main_window(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    made = opened(qtbot, window)
    window.close()
    assert not made.isVisible()


@pytest.mark.parametrize("size", [(160, 160), (1000, 700)])
def test_any_size(qtbot: Any, window: MainWindow, size: tuple[int, int]) -> None:
    made = opened(qtbot, window)
    made.resize(*size)
    qtbot.waitUntil(lambda: alpha(made).shape == size[::-1] and (alpha(made) == 255).mean() > 0.05, timeout=LONG)
    assert made.windowFlags() & Qt.WindowType.FramelessWindowHint
