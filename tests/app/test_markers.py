"""Markers in the window: keys 1 to 9 while recording, their editor, and changes in the player that reach the disk."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QLineEdit
from seen import LONG, banners
from sending import LSL_SESSION

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.choices import Choices
from expnet_live.app.state.marking import COLORS, PRESETS, Preset
from expnet_live.app.widgets.marker_sheets import Swatches
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.sessions.format.folder import TABLE
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.reading.session import Session

LEFT = Qt.MouseButton.LeftButton


def recorded(qtbot: Any, window: MainWindow, act: Callable[[], None]) -> Path:
    """The folder of a recording during which that is done."""
    qtbot.waitUntil(lambda: window.actions_["record"].isEnabled(), timeout=LONG)
    window.actions_["record"].trigger()
    recorder = window.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.frames >= 5 and window.actions_["mark"].isEnabled(), timeout=LONG)
    act()
    frames = recorder.frames
    qtbot.waitUntil(lambda: recorder.frames >= frames + 5, timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.controller.recording.last is not None, timeout=LONG)
    return recorder.folder


def labels(folder: Path) -> list[str]:
    with (folder / TABLE).open(newline="", encoding="utf-8") as file:
        return [row["marker"] for row in csv.DictReader(file) if row["marker"]]


def test_keys_while_recording(qtbot: Any, window: MainWindow) -> None:
    def act() -> None:
        qtbot.keyClick(window, Qt.Key.Key_2)
        qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
        (dialog,) = window.findChildren(QInputDialog)
        frames = window.controller.recording.recorder.frames
        qtbot.waitUntil(lambda: window.controller.recording.recorder.frames >= frames + 3, timeout=LONG)
        dialog.setTextValue(" looks  away ")
        dialog.accept()
        window.actions_["mark"].trigger()  # the key needs a window manager, which gives the focus back
        qtbot.waitUntil(lambda: banners(window).get("marker", "").startswith("Marker 1 at"), timeout=LONG)

    qtbot.keyClick(window, Qt.Key.Key_1)  # nothing records yet
    folder = recorded(qtbot, window, act)
    markers = Session.open(folder).markers
    assert [(m.label, m.color) for m in markers] == [("End", COLORS["Red"]), ("looks away", ""), ("Marker 1", "")]
    assert markers[1].time < markers[2].time - 0.05  # when the key was pressed, not when it was named
    assert "; ".join(labels(folder)).split("; ") == ["End", "looks away", "Marker 1"]


def test_keys_are_named_and_kept(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    window.actions_["presets"].trigger()
    (sheet,) = window.findChildren(Sheet)
    names, swatches = sheet.findChildren(QLineEdit), sheet.findChildren(Swatches)
    assert [n.text() for n in names] == [p.label for p in PRESETS] and len(swatches) == 9
    names[0].selectAll()
    qtbot.keyClicks(names[0], "Trial 1")
    qtbot.mouseClick(swatches[0], LEFT, pos=swatches[0].center(COLORS["Purple"]).toPoint())
    names[8].selectAll()
    qtbot.keyClick(names[8], Qt.Key.Key_Delete)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    wanted = (Preset("Trial 1", COLORS["Purple"]), *PRESETS[1:8], Preset(""))
    assert window.controller.choices.presets == wanted
    assert Choices.from_json(window.controller.choices.to_json()).presets == wanted
    assert Choices.from_json('{"presets": [["a"]]}').presets == PRESETS  # damaged
    folder = recorded(
        qtbot, window, lambda: [qtbot.keyClick(window, key) for key in (Qt.Key.Key_9, Qt.Key.Key_1)] and None
    )
    assert [(m.label, m.color) for m in Session.open(folder).markers] == [("Trial 1", COLORS["Purple"])]
    window.close()
    again = open_window()
    assert again.controller.choices.presets == wanted


def test_markers_without_a_recording_go_to_the_lab(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    pytest.importorskip("pylsl")
    assert not window.actions_["mark"].isEnabled()
    window.menus.outputs.address.setText(f"lsl?session={quote(LSL_SESSION)}")  # a process keeps its first session
    window.menus.outputs.address.returnPressed.emit()
    qtbot.waitUntil(lambda: window.actions_["mark"].isEnabled(), timeout=LONG)
    qtbot.keyClick(window, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: banners(window).get("marker") == "Stimulus was sent.", timeout=LONG)


def test_changes_in_the_player_reach_the_disk_and_exports(qtbot: Any, window: MainWindow) -> None:
    folder = recorded(qtbot, window, lambda: qtbot.keyClick(window, Qt.Key.Key_1))
    window.commands.show_sessions(folder)
    sessions = window.commands.sessions
    assert sessions is not None
    with qtbot.waitActive(sessions, timeout=LONG):
        sessions.activateWindow()
    player = sessions.player
    qtbot.waitUntil(lambda: player.folder == folder and player.shown_row >= 0, timeout=LONG)
    (first,) = player.markers.markers
    table = (folder / TABLE).read_bytes()
    player.markers.replace(first, Marker(0.0, "moved", COLORS["Blue"]))
    player.deck.seek(0.1)
    player.setFocus()
    qtbot.keyClick(player, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: len(Session.open(folder).markers) == 2, timeout=LONG)
    assert [(m.label, m.color) for m in Session.open(folder).markers] == [
        ("moved", COLORS["Blue"]),
        ("Response", COLORS["Orange"]),
    ]
    # The table, which may be long, is written once, when the session is left.
    assert (folder / TABLE).read_bytes() == table
    sessions.close()
    qtbot.waitUntil(lambda: labels(folder) == ["moved", "Response"], timeout=LONG)
