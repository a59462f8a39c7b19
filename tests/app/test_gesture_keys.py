"""Keys that gestures press reach the window in front."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit

from expnet_live.core.errors import UserError
from expnet_live.gestures.keys import Keyboard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems ask the user first")


def test_keys_arrive(qtbot: Any) -> None:
    pytest.importorskip("pynput")
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    field.activateWindow()
    field.setFocus()
    qtbot.waitExposed(field)
    qtbot.waitUntil(field.hasFocus)
    keyboard = Keyboard()
    for name in ("a", "b", "shift+c", "backspace", "d"):
        keyboard.press(name)
    qtbot.waitUntil(lambda: field.text() == "abd")
    with pytest.raises(UserError, match="There is no key hyper; write a character"):
        keyboard.press("hyper")
