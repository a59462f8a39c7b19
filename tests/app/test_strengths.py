"""What the window changes of the shown face for a profile: how far the head turns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from live_fakes import Puppet
from PySide6.QtGui import QAction
from seen import LONG

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.sessions.reading.session import Session


def turn_of(window: MainWindow, text: str) -> QAction:
    """The entry of the menu *Head turn*."""
    (face,) = [a.menu() for a in window.menuBar().actions() if a.text() == texts.MENU_FACE]
    (menu,) = [a.menu() for a in face.actions() if a.text() == texts.TURN]
    (entry,) = [a for a in menu.actions() if a.text() == text]
    return entry


def test_the_head_turns_further_and_is_recorded_as_it_was_seen(
    qtbot: Any, window: MainWindow, puppet: Puppet, tmp_path: Path, open_window: Callable[..., MainWindow]
) -> None:
    def yaw() -> float:
        return float(window.controller.faces[0].rotation[1])

    assert turn_of(window, "1×").isChecked()
    puppet.rotation = np.array([0, 0.2, 0], np.float32)
    qtbot.waitUntil(lambda: abs(yaw() - 0.2) < 0.005, timeout=LONG)
    turn_of(window, "2×").trigger()
    qtbot.waitUntil(lambda: abs(yaw() - 0.4) < 0.005, timeout=LONG)
    assert turn_of(window, "2×").isChecked() and not turn_of(window, "1×").isChecked()

    window.actions_["record"].trigger()
    recorder = window.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.frames >= 5, timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.controller.recording.recorder is None, timeout=LONG)
    session = Session.open(recorder.folder)
    np.testing.assert_allclose(session.rows.rotation[:, 1], 0.2, atol=0.005)
    assert session.info.person.gains == {"headTurn": 2.0}

    window.close()
    (profile,) = (tmp_path / "data").rglob("default.json")
    assert json.loads(profile.read_text())["gains"] == {"headTurn": 2.0}
    again = open_window()
    qtbot.waitUntil(lambda: turn_of(again, "2×").isChecked(), timeout=LONG)
