"""Keys that act while another window is in front, pressed for the whole display."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QKeySequenceEdit, QLineEdit, QToolButton
from seen import LONG, banners

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.platform.global_keys import GlobalKeys, combination
from expnet_live.app.settings import save_choices
from expnet_live.app.state.choices import Choices
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.core.errors import UserError
from expnet_live.gestures.keys import Keyboard
from expnet_live.sessions.reading.session import Session

on_x11 = pytest.mark.skipif(sys.platform != "linux", reason="other systems ask the user first")


@pytest.fixture
def keyboard(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    """Ask for it before windows: pynput's threads end with a key after these are closed."""
    pytest.importorskip("pynput")
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    made = Keyboard()
    yield made
    made.press("shift")
    qtbot.waitUntil(lambda: not listeners(), timeout=LONG)


def listeners() -> list[threading.Thread]:
    """The threads that hear keys."""
    return [t for t in threading.enumerate() if type(t).__module__.startswith("pynput")]


@pytest.fixture
def game(qtbot: Any) -> QLineEdit:
    """Another window, to bring to the front."""
    field = QLineEdit()
    qtbot.addWidget(field)
    return field


def in_front(qtbot: Any, game: QLineEdit) -> None:
    game.show()
    with qtbot.waitActive(game, timeout=LONG):
        game.activateWindow()
    game.setFocus()
    qtbot.waitUntil(game.hasFocus, timeout=LONG)


def fields(window: MainWindow) -> dict[str, QKeySequenceEdit]:
    return {f.objectName(): f for f in window.findChildren(QKeySequenceEdit)}


def shown(window: MainWindow) -> dict[str, QKeySequenceEdit]:
    """The fields of the sheet, which is opened."""
    window.actions_["global_keys"].trigger()
    return fields(window)


def told(window: MainWindow) -> list[str]:
    """What the sheet says."""
    (sheet,) = [s for s in window.findChildren(Sheet) if not s.isHidden()]
    return [label.text() for label in sheet.findChildren(type(window.parts.outputs.rows["vmc"].state))]


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield udp


@on_x11
def test_they_act_behind_another_window(
    qtbot: Any, keyboard: Keyboard, window: MainWindow, game: QLineEdit, receiver: socket.socket
) -> None:
    """Set neutral, record, mark and freeze, chosen by hand and pressed in a game."""
    assert window.controller.choices.global_keys == {}
    wanted = {"calibrate": "ctrl+alt+n", "record": "f9", "mark": "ctrl+alt+m", "freeze": "shift+f8"}
    for name, field in shown(window).items():
        field.setFocus()
        keyboard.press(wanted[name])
        qtbot.waitUntil(lambda n=name: n in window.controller.choices.global_keys, timeout=LONG)
    assert window.controller.choices.global_keys == {
        "calibrate": "Ctrl+Alt+N", "record": "F9", "mark": "Ctrl+Alt+M", "freeze": "Shift+F8",
    }  # fmt: skip
    assert not window.controller.recording.active  # keys that are being chosen do nothing
    window.findChildren(Sheet)[0].close()
    streaming = window.controller.streaming
    streaming.send_to(f"vmc://127.0.0.1:{receiver.getsockname()[1]}")
    qtbot.waitUntil(lambda: all(window.actions_[n].isEnabled() for n in ("record", "freeze")), timeout=LONG)

    in_front(qtbot, game)
    keyboard.press("f9")
    qtbot.waitUntil(lambda: window.controller.recording.active, timeout=LONG)
    recorder = window.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.frames >= 3 and window.actions_["mark"].isEnabled(), timeout=LONG)
    for key in ("m", "alt+m", "ctrl+alt+shift+m", "ctrl+m"):  # others do nothing
        keyboard.press(key)
    keyboard.press("ctrl+alt+m")
    qtbot.waitUntil(lambda: "marker" in banners(window), timeout=LONG)
    keyboard.press("shift+f8")
    qtbot.waitUntil(lambda: streaming.frozen, timeout=LONG)
    qtbot.waitUntil(lambda: "frozen" in window.parts.status.outputs.text(), timeout=LONG)
    keyboard.press("f9")
    qtbot.waitUntil(lambda: window.controller.recording.last is recorder, timeout=LONG)
    assert [m.label for m in Session.open(recorder.folder).markers] == ["Marker 1"]
    keyboard.press("ctrl+alt+n")
    qtbot.waitUntil(lambda: window.controller.person.calibrated, timeout=LONG)
    assert game.text().startswith("m") and game.isActiveWindow()  # the game got what it always gets


@on_x11
def test_a_key_that_is_held_acts_once(qtbot: Any, keyboard: Keyboard, game: QLineEdit) -> None:
    import pynput

    keys = GlobalKeys()
    keys.use({"record": "F9", "end": "F10"})
    try:
        in_front(qtbot, game)
        controller = pynput.keyboard.Controller()
        qtbot.waitUntil(lambda: _hears(keys, keyboard, "f10"), timeout=LONG)
        controller.press(pynput.keyboard.Key.f9)
        for _ in range(3):  # as X11 repeats it
            controller.release(pynput.keyboard.Key.f9)
            controller.press(pynput.keyboard.Key.f9)
        controller.release(pynput.keyboard.Key.f9)
        heard: list[str] = []
        keyboard.press("f10")
        qtbot.waitUntil(lambda: bool(heard.extend(keys.take())) or "end" in heard, timeout=LONG)
        assert heard.count("record") == 1
        keys.use({})
        assert keys.take() == []
    finally:
        keys.close()


def _hears(keys: GlobalKeys, keyboard: Keyboard, key: str) -> bool:
    """Whether it listens already."""
    keyboard.press(key)
    return bool(keys.take())


@on_x11
def test_alt_is_heard_after_shift(qtbot: Any, keyboard: Keyboard, game: QLineEdit) -> None:
    keys = GlobalKeys()
    keys.use({"both": "Alt+Shift+P"})
    try:
        in_front(qtbot, game)
        qtbot.waitUntil(lambda: _hears(keys, keyboard, "shift+alt+p"), timeout=LONG)
        qtbot.waitUntil(lambda: _hears(keys, keyboard, "alt+shift+p"), timeout=LONG)
    finally:
        keys.close()


@on_x11
def test_keys_that_cannot_be_are_refused_and_those_there_stay(
    qtbot: Any, keyboard: Keyboard, window: MainWindow
) -> None:
    there = shown(window)
    for key, why in (
        ("k", "K alone would act whenever somebody types it; add Ctrl or Alt, or choose a key such as F9."),
        ("ctrl+r", "Ctrl+R is already the key of “Record”; choose another one."),
        ("f11", "F11 is already the key of “Full screen”; choose another one."),
    ):
        there["mark"].setFocus()
        keyboard.press(key)
        qtbot.waitUntil(lambda why=why: why in told(window), timeout=LONG)
        assert there["mark"].keySequence().isEmpty() and window.controller.choices.global_keys == {}
    there["mark"].setFocus()
    keyboard.press("f9")
    qtbot.waitUntil(lambda: window.controller.choices.global_keys == {"mark": "F9"}, timeout=LONG)
    there["record"].setFocus()
    keyboard.press("f9")
    why = "F9 is already the key of “Set a marker”; choose another one."
    qtbot.waitUntil(lambda: why in told(window), timeout=LONG)
    assert window.controller.choices.global_keys == {"mark": "F9"}
    there["mark"].setFocus()
    keyboard.press("k")
    qtbot.waitUntil(lambda: any(text.startswith("K alone") for text in told(window)), timeout=LONG)
    assert there["mark"].keySequence().toString() == "F9"
    (line,) = there["mark"].findChildren(QLineEdit)
    (cross,) = line.findChildren(QToolButton)
    QTest.mouseClick(cross, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.controller.choices.global_keys == {}, timeout=LONG)
    assert there["mark"].keySequence().isEmpty()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"XDG_SESSION_TYPE": "wayland"}, texts.GLOBAL_WAYLAND),
        ({}, 'Hearing keys needs pynput; install it: pip install "expnet-live[keys]"'),
    ],
)
@on_x11
def test_where_they_cannot_work_one_sentence_says_so(
    qtbot: Any,
    open_window: Callable[..., MainWindow],
    store: Any,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    sentence: str,
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    monkeypatch.setitem(sys.modules, "pynput", None)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    save_choices(store, Choices(global_keys={"record": "F9"}))
    window = open_window()
    qtbot.waitUntil(lambda: banners(window).get("global keys") == sentence, timeout=LONG)
    there = shown(window)
    assert sentence in told(window) and not any(field.isEnabled() for field in there.values())
    window.findChildren(Sheet)[0].close()
    assert json.loads(str(store.value("choices")))["global_keys"] == {"record": "F9"}  # for the next start


def test_combinations() -> None:
    assert combination("Ctrl+Alt+PgUp")[1] == "page_up" and combination("F13") == (frozenset(), "f13")
    assert combination("Ctrl++")[1] == "+" and combination("Ctrl+Num+5")[1] == "5"
    for text, why in (("K", "alone"), ("Shift+K", "alone"), ("Ctrl+Shift+!", "other keyboards")):
        with pytest.raises(UserError, match=why):
            combination(text)


def test_none_listens_before_one_is_chosen(window: MainWindow, puppet: Puppet) -> None:
    assert not listeners()
    QTest.keyClick(window, Qt.Key.Key_F9)
    assert not window.controller.recording.active
