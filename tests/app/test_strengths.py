"""What a profile changes of the shown face: how far the head turns, and whether both eyes blink alike."""

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
from expnet_live.core.arkit import INDEX, blendshapes_of
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
    window.controller.set_gain("jawOpen", 1.5)
    window.controller.set_gain("", 1.0)  # all bars
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


def test_both_eyes_blink_alike_and_one_still_winks(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    def shown(left: float, right: float) -> bool:
        weights = window.controller.faces[0].blendshapes
        lids = None if weights is None else weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
        return lids is not None and bool(np.allclose(lids, [left, right], atol=0.01))

    link = window.actions_["link_blinks"]
    assert not link.isChecked()
    puppet.blendshapes = blendshapes_of(eyeBlinkLeft=0.9, eyeBlinkRight=0.7)
    qtbot.waitUntil(lambda: shown(0.9, 0.7), timeout=LONG)
    link.trigger()
    qtbot.waitUntil(lambda: shown(0.88, 0.88), timeout=LONG)
    puppet.blendshapes = blendshapes_of(eyeBlinkLeft=0.9)
    qtbot.waitUntil(lambda: shown(0.9, 0.0), timeout=LONG)
    measured = window.controller.faces[0].state.blendshapes
    assert measured is not None and measured["eyeBlinkLeft"] > 0.85
    window.controller.use_profile("Somebody else")
    qtbot.waitUntil(lambda: not link.isChecked(), timeout=LONG)
    window.controller.use_profile("Default")
    qtbot.waitUntil(link.isChecked, timeout=LONG)
