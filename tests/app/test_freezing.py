"""Outputs that are frozen go on sending one face, while the window and the recording follow the person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from seen import LONG, pixels, wears

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.head_window import HeadWindow
from expnet_live.outputs.stream import OUTPUTS
from expnet_live.sessions.reading.session import Session


def test_frozen_outputs_keep_the_face(
    qtbot: Any, window: MainWindow, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[float] = []
    times: list[float] = []
    dispatcher = Dispatcher()
    dispatcher.map("/VMC/Ext/Bone/Pos", lambda address, name, *v: turns.append(v[4]) if name == "Head" else None)
    dispatcher.map("/VMC/Ext/T", lambda address, time: times.append(time))
    freeze, status, controller = window.actions_["freeze"], window.parts.status, window.controller

    def sent(yaw: float) -> bool:
        return bool(turns) and abs(turns[-1] + np.sin(yaw / 2)) < 0.005

    def seen(yaw: float) -> bool:
        return abs(controller.faces[0].rotation[1] - yaw) < 0.005

    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        monkeypatch.setattr(OUTPUTS["vmc"], "port", server.server_address[1], raising=False)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            assert not freeze.isEnabled()  # nothing is sent yet
            window.menus.outputs.switches["vmc"].trigger()
            puppet.rotation = np.array([0, 0.3, 0], np.float32)
            qtbot.waitUntil(lambda: sent(0.3) and freeze.isEnabled(), timeout=LONG)
            window.actions_["record"].trigger()
            recorder = controller.recording.recorder
            assert recorder is not None
            qtbot.waitUntil(lambda: recorder.frames > 3, timeout=LONG)
            qtbot.keyClick(window, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
            assert freeze.isChecked()
            puppet.rotation = np.array([0, -0.3, 0], np.float32)
            qtbot.waitUntil(lambda: seen(-0.3), timeout=LONG)
            turns.clear()
            times.clear()
            qtbot.waitUntil(lambda: len(turns) > 10 and status.outputs.text() == "→ vmc  ·  frozen", timeout=LONG)
            assert np.ptp(turns) == 0 and sent(0.3) and (np.diff(times) > 0).all()
            window.menus.outputs.refresh()
            assert "Frozen, sending to 127.0.0.1" in window.menus.outputs.switches["vmc"].text()
            window.actions_["record"].trigger()
            freeze.trigger()
            qtbot.waitUntil(lambda: sent(-0.3) and status.outputs.text() == "→ vmc", timeout=LONG)
            window.menus.outputs.switches["vmc"].trigger()
            qtbot.waitUntil(lambda: not freeze.isEnabled(), timeout=LONG)
        finally:
            server.shutdown()
            serving.join()
    qtbot.waitUntil(lambda: controller.recording.recorder is None, timeout=LONG)
    assert Session.open(recorder.folder).rows.rotation[-1, 1] == pytest.approx(-0.3, abs=0.01)  # as it was measured


def test_the_head_in_its_own_window_is_frozen_as_well(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet, steady: None
) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    window.actions_["head_window"].trigger()
    (own,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, HeadWindow) and w.isVisible()]
    qtbot.waitUntil(lambda: np.ptp(pixels(own.view.picture())) > 100, timeout=LONG)
    freeze = window.actions_["freeze"]
    qtbot.waitUntil(freeze.isEnabled, timeout=LONG)
    freeze.trigger()
    qtbot.waitUntil(lambda: window.parts.status.outputs.text() == "frozen", timeout=LONG)
    before, here = (pixels(view.picture()) for view in (own.view, window.parts.head))
    puppet.rotation = np.array([0, 0.5, 0], np.float32)
    qtbot.waitUntil(lambda: abs(window.controller.faces[0].rotation[1] - 0.5) < 0.005, timeout=LONG)
    qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - here).mean() > 2, timeout=LONG)
    assert np.array_equal(pixels(own.view.picture()), before)
    freeze.trigger()
    qtbot.waitUntil(lambda: np.abs(pixels(own.view.picture()) - before).mean() > 0.5, timeout=LONG)


def test_another_head_is_seen_in_the_frozen_window(
    qtbot: Any, window: MainWindow, avatar_paths: dict[str, Path], puppet: Puppet, steady: None
) -> None:
    """It takes the face once, and stands still then."""
    window.actions_["head_window"].trigger()
    (own,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, HeadWindow) and w.isVisible()]
    freeze = window.actions_["freeze"]
    qtbot.waitUntil(freeze.isEnabled, timeout=LONG)
    freeze.trigger()
    before = pixels(own.view.picture())
    window.controller.gallery.library.keep_once(avatar_paths["one.vrm"])
    window.controller.use_head("one")
    qtbot.waitUntil(lambda: wears(window, "one"), timeout=LONG)
    seen = pixels(own.view.picture())
    assert np.abs(seen - before).mean() > 5
    puppet.rotation = np.array([0, 0.5, 0], np.float32)
    qtbot.waitUntil(lambda: abs(window.controller.faces[0].rotation[1] - 0.5) < 0.005, timeout=LONG)
    assert np.array_equal(pixels(own.view.picture()), seen)
    freeze.trigger()
    qtbot.waitUntil(lambda: np.abs(pixels(own.view.picture()) - seen).mean() > 0.5, timeout=LONG)
    puppet.rotation = np.zeros(3, np.float32)
    # What it showed was this face in this light, not the bare mesh.
    qtbot.waitUntil(lambda: np.abs(pixels(own.view.picture()) - seen).mean() < 1, timeout=LONG)
