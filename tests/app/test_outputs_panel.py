"""The panel of outputs in a real window, with real receivers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from seen import LONG

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.outputs_panel import OutputRow
from expnet_live.outputs.stream import OUTPUTS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(LONG / 1000)
        yield udp


@pytest.fixture
def window(qtbot: Any, open_window: Callable[..., MainWindow]) -> MainWindow:
    window = open_window()
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    assert window.parts.docks["outputs"].isHidden()
    window.actions_["outputs"].trigger()
    qtbot.waitUntil(window.parts.outputs.isVisible, timeout=LONG)
    return window


def port(receiver: socket.socket) -> int:
    return int(receiver.getsockname()[1])


def click(row: OutputRow) -> None:
    QTest.mouseClick(row.switch, LEFT, pos=QPoint(8, row.switch.height() // 2))


def write(row: OutputRow, text: str) -> None:
    """Replace its address as by hand."""
    QTest.mouseClick(row.address, LEFT)
    row.address.selectAll()
    QTest.keyClicks(row.address, text)
    QTest.keyClick(row.address, Qt.Key.Key_Return)


def test_every_output_of_the_registry_is_there_and_off(window: MainWindow) -> None:
    rows = window.parts.outputs.rows
    assert list(rows) == list(OUTPUTS) and not any(row.switch.isChecked() for row in rows.values())
    assert window.controller.streaming.names == [] and window.controller.engine.inference.outputs.outputs == ()
    for name, row in rows.items():
        assert OUTPUTS[name].about.lower() == f"{row.switch.text()}: {row.state.text()}".lower()
        assert (
            row.switch.width() >= row.switch.sizeHint().width() and row.width() <= window.parts.docks["outputs"].width()
        )
        assert row.switch.toolTip() and row.address.toolTip() and row.address.placeholderText()
        assert all(option in row.address.toolTip() for option in OUTPUTS[name].options)


def test_one_click_sends_and_shows_the_rate(
    qtbot: Any, window: MainWindow, receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OUTPUTS["vmc"], "port", port(receiver), raising=False)
    row = window.parts.outputs.rows["vmc"]
    click(row)
    assert receiver.recv(2048) and window.controller.streaming.names == ["vmc"]
    here = f"Sending to 127.0.0.1:{port(receiver)}, "
    qtbot.waitUntil(lambda: row.state.text().startswith(here) and here + "0" not in row.state.text(), timeout=LONG)
    window.menus.outputs.refresh()
    assert window.menus.outputs.switches["vmc"].isChecked() and row.address.text() == ""
    window.menus.outputs.switches["vmc"].trigger()  # the menu and the panel show the same
    qtbot.waitUntil(lambda: not row.switch.isChecked(), timeout=LONG)
    assert window.controller.engine.inference.outputs.outputs == () and "Sending" not in row.state.text()


def test_an_address_is_typed_before_or_while_it_sends(qtbot: Any, window: MainWindow, receiver: socket.socket) -> None:
    streaming, row = window.controller.streaming, window.parts.outputs.rows["vmc"]
    write(row, f"127.0.0.1:{port(receiver)}?names=camel")
    assert streaming.names == []
    click(row)
    assert receiver.recv(2048) and streaming.targets == [f"vmc://127.0.0.1:{port(receiver)}?names=camel"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(LONG / 1000)
        write(row, f"vmc://127.0.0.1:{port(second)}")
        assert second.recv(2048) and streaming.targets == [f"vmc://127.0.0.1:{port(second)}"]
        write(row, "127.0.0.1:99999")
        assert "no port from 1 to 65535" in row.state.text() and row.switch.isChecked()
        assert streaming.targets == [f"vmc://127.0.0.1:{port(second)}"]
    click(row)
    assert streaming.names == []
    write(row, "?names=pig")
    click(row)
    assert "is one of pascal, camel, not pig" in row.state.text()
    assert not row.switch.isChecked() and streaming.names == []


def test_a_lock_says_where_the_face_leaves_this_computer(window: MainWindow) -> None:
    """Before it is sent, from the address that is being typed."""
    rows, streaming = window.parts.outputs.rows, window.controller.streaming
    assert [name for name, row in rows.items() if row.lock.isVisible()] == ["lsl"]  # its library listens everywhere
    assert "Other computers that know this one's address can fetch it" in rows["lsl"].lock.toolTip()
    row = rows["vmc"]
    there = {"192.0.2.7:39539": True, "127.0.0.1": False, "studio-pc": True, "?names=camel": False, "[::1]": False}
    for address, leaves in there.items():
        row.address.clear()
        QTest.keyClicks(row.address, address)
        assert row.lock.isVisible() is leaves, address
    row.address.clear()
    QTest.keyClicks(row.address, "192.0.2.7")
    assert row.lock.toolTip() == "Sends the face to 192.0.2.7:39539: it leaves this computer"
    row.address.setText("127.0.0.1:99999")  # which is said when it is sent
    assert not row.lock.isVisible() and streaming.names == []


def test_what_is_wrong_is_one_sentence_that_stays(
    qtbot: Any, window: MainWindow, receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = window.parts.outputs.rows
    free = port(receiver)
    receiver.close()
    write(rows["vmc"], f"127.0.0.1:{free}")
    click(rows["vmc"])
    nobody = f"Nobody listens at 127.0.0.1:{free}."
    qtbot.waitUntil(lambda: rows["vmc"].state.text() == nobody, timeout=LONG)
    assert rows["vmc"].switch.isChecked()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(OUTPUTS["ws"], "port", taken.getsockname()[1], raising=False)
        click(rows["ws"])
        qtbot.waitUntil(lambda: not rows["ws"].switch.isChecked(), timeout=LONG)
        qtbot.waitUntil(lambda: "Another program uses port" in rows["ws"].state.text(), timeout=LONG)
    click(rows["ws"])
    qtbot.waitUntil(lambda: "Another program" not in rows["ws"].state.text(), timeout=LONG)


def test_outputs_are_on_at_the_next_start_only_when_asked(
    qtbot: Any, window: MainWindow, open_window: Callable[..., MainWindow], receiver: socket.socket
) -> None:
    panel = window.parts.outputs
    write(panel.rows["vmc"], f"127.0.0.1:{port(receiver)}")
    click(panel.rows["vmc"])
    assert window.controller.choices.outputs == ()
    panel.keep.click()
    assert (
        window.controller.choices.outputs == (f"vmc://127.0.0.1:{port(receiver)}",)
        and window.menus.outputs.keep.isChecked()
    )
    window.close()
    again = open_window()
    assert again.parts.outputs.isVisible() and again.actions_["outputs"].isChecked()  # the layout is kept
    row = again.parts.outputs.rows["vmc"]
    qtbot.waitUntil(lambda: row.switch.isChecked() and row.address.text().endswith(str(port(receiver))), timeout=LONG)
    again.menus.outputs.keep.trigger()
    assert not again.parts.outputs.keep.isChecked() and again.controller.choices.outputs == ()
