"""Outputs in the window: two clicks, no typing, and another program gets the face."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from seen import LONG, banners

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.settings import save_choices
from expnet_live.app.state.choices import Choices
from expnet_live.outputs.stream import OUTPUTS


def test_a_receiver_gets_the_face(
    qtbot: Any, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = []
    dispatcher = Dispatcher()
    dispatcher.map("/VMC/Ext/Bone/Pos", lambda address, *values: heads.append(values))
    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        monkeypatch.setattr(OUTPUTS["vmc"], "port", server.server_address[1], raising=False)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            window = open_window()
            menu = window.menus.outputs
            assert list(menu.switches) == list(OUTPUTS) and not any(a.isChecked() for a in menu.switches.values())
            menu.switches["vmc"].trigger()
            qtbot.waitUntil(lambda: len(heads) > 20, timeout=LONG)
            menu.refresh()
            assert "Sending to 127.0.0.1" in menu.switches["vmc"].text()
            qtbot.waitUntil(lambda: window.parts.status.outputs.text() == "→ vmc", timeout=LONG)
            menu.switches["vmc"].trigger()
            assert window.controller.engine.inference.outputs.outputs == ()
            qtbot.waitUntil(lambda: window.parts.status.outputs.text() == "", timeout=LONG)
        finally:
            server.shutdown()
            serving.join()


def test_a_strangers_path_is_two_clicks_and_the_head_of_the_other_program_turns(
    qtbot: Any, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch, puppet: Puppet
) -> None:
    """At most three were promised: start, open the menu, choose VMC; no text is typed."""
    turns: list[float] = []
    dispatcher = Dispatcher()
    # In Unity, a turn to the person's left is negative about y: the bone's quaternion is (x, y, z, w) after its place.
    dispatcher.map("/VMC/Ext/Bone/Pos", lambda address, name, *v: turns.append(v[4]) if name == "Head" else None)
    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        monkeypatch.setattr(OUTPUTS["vmc"], "port", server.server_address[1], raising=False)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            window = open_window()
            menu, bar = window.menus.outputs, window.menuBar()
            qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(menu.menuAction()).center())
            qtbot.waitUntil(menu.isVisible, timeout=LONG)
            vmc = menu.actionGeometry(menu.switches["vmc"]).center()
            qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=vmc)
            qtbot.waitUntil(lambda: bool(turns) and abs(turns[-1]) < 0.02, timeout=LONG)
            puppet.rotation = np.radians([0, 25, 0]).astype(np.float32)
            qtbot.waitUntil(lambda: abs(turns[-1] + np.sin(np.radians(12.5))) < 0.02, timeout=LONG)
            puppet.rotation = np.radians([0, -25, 0]).astype(np.float32)
            qtbot.waitUntil(lambda: abs(turns[-1] - np.sin(np.radians(12.5))) < 0.02, timeout=LONG)
            assert window.parts.status.lock.isHidden()
            menu.switches["vmc"].trigger()
        finally:
            server.shutdown()
            serving.join()


def test_the_status_line_says_that_nobody_listens(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
    window = open_window()
    status = window.parts.status
    window.menus.outputs.address.setText(f"vmc://127.0.0.1:{port}")
    window.menus.outputs.address.returnPressed.emit()
    qtbot.waitUntil(lambda: status.outputs.text() == "→ vmc (waiting)", timeout=LONG)
    assert status.outputs.toolTip().endswith(f"Nobody listens at 127.0.0.1:{port}.")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", port))
        qtbot.waitUntil(lambda: status.outputs.text() == "→ vmc", timeout=LONG)


def test_an_output_that_fails_on_its_thread_says_so_and_is_off(
    qtbot: Any, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(OUTPUTS["ws"], "port", taken.getsockname()[1], raising=False)
        window = open_window()
        menu = window.menus.outputs
        menu.switches["ws"].trigger()
        qtbot.waitUntil(lambda: "Another program uses port" in banners(window).get("output", ""), timeout=LONG)
        menu.refresh()
        assert not menu.switches["ws"].isChecked() and menu.switches["ws"].text() == OUTPUTS["ws"].about
        assert window.controller.engine.inference.outputs.outputs == () and window.controller.streaming.names == []


def test_an_address_is_typed_and_a_lock_says_that_data_leaves(
    qtbot: Any, open_window: Callable[..., MainWindow]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(LONG / 1000)
        window = open_window()
        menu, status, streaming = window.menus.outputs, window.parts.status, window.controller.streaming
        menu.address.setText("telepathy://192.0.2.7")
        menu.address.returnPressed.emit()
        assert "There is no output called telepathy" in menu.problem.text() and menu.problem.isVisible()
        menu.address.setText(f"vmc://127.0.0.1:{udp.getsockname()[1]}?names=camel")
        menu.address.returnPressed.emit()
        assert menu.switches["vmc"].isChecked() and not menu.problem.isVisible() and menu.address.text() == ""
        assert udp.recv(2048) and streaming.leaving == []
        qtbot.waitUntil(lambda: status.outputs.text() == "→ vmc", timeout=LONG)
        assert status.lock.isHidden()
        menu.address.setText("vmc://192.0.2.7")  # an address reserved for documentation
        menu.address.returnPressed.emit()
        qtbot.waitUntil(lambda: not status.lock.isHidden(), timeout=LONG)
        assert status.lock.toolTip() == "The face leaves this computer: vmc://192.0.2.7:39539"
        menu.switches["vmc"].trigger()
        qtbot.waitUntil(status.lock.isHidden, timeout=LONG)
        assert streaming.names == []
        status.show_outputs(["lsl"], [], ["lsl"])
        assert not status.lock.isHidden() and status.lock.toolTip().endswith("can fetch the face: lsl")


def test_outputs_are_remembered_only_when_asked(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(LONG / 1000)
        target = f"vmc://127.0.0.1:{udp.getsockname()[1]}?names=camel"
        window = open_window()
        window.menus.outputs.address.setText(target)
        window.menus.outputs.address.returnPressed.emit()
        assert window.controller.choices.outputs == ()
        window.menus.outputs.keep.trigger()
        assert window.controller.choices.outputs == (target,)
        window.menus.outputs.switches["livelink"].trigger()
        assert window.controller.choices.outputs == (target, "livelink")
        window.menus.outputs.switches["livelink"].trigger()
        window.close()
        again = open_window()
        assert again.controller.streaming.names == ["vmc"] and again.menus.outputs.keep.isChecked()
        assert udp.recv(2048)
        again.menus.outputs.keep.trigger()
        again.close()
    last = open_window()
    assert last.controller.streaming.names == [] and not last.menus.outputs.keep.isChecked()


def test_an_output_that_is_gone_is_named(qtbot: Any, open_window: Callable[..., MainWindow], store: Any) -> None:
    save_choices(store, Choices(keep_outputs=True, outputs=("telepathy", "vmc")))
    window = open_window()
    assert window.controller.streaming.names == ["vmc"]
    qtbot.waitUntil(lambda: "no output called telepathy" in banners(window).get("output", ""), timeout=LONG)
