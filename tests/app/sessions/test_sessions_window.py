"""The sessions window as a person uses it."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from seen import LONG, banners, pixels, press
from session_files import write_session
from sessions_shown import LEFT, begin, end, entry, exported, shown, three

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.player.actions import TABLE as PLAYER_TABLE
from expnet_live.app.sessions_window.window import SessionsWindow
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.sessions.format.folder import INFO, sessions_root
from expnet_live.sessions.format.info import read_info, write_info
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording import recorder as recorder_module
from expnet_live.sessions.recording.writer import SessionWriter


def test_record_find_replay_note_export_delete(qtbot: Any, main: MainWindow, own_home: Path) -> None:
    begin(qtbot, main)
    folder = end(qtbot, main)
    qtbot.waitUntil(lambda: "record" in banners(main), timeout=LONG)
    press(qtbot, main.parts.banners, texts.REPLAY)
    sessions = main.commands.sessions
    assert sessions is not None
    player, side, panel = sessions.player, sessions.side, sessions.panel
    qtbot.waitUntil(lambda: player.replay is not None and player.shown_row >= 0, timeout=LONG)
    assert player.folder == folder and side.current is not None and side.current.folder == folder
    assert player.replay is not None
    qtbot.waitUntil(lambda: entry(sessions, folder).thumbnail is not None, timeout=LONG)
    player.deck.seek(0.5)
    assert player.playback is not None
    row = player.playback.row_at(0.5)  # on a busy machine, rows are far apart
    qtbot.waitUntil(lambda: player.shown_row == row, timeout=LONG)

    qtbot.keyClick(side.view, Qt.Key.Key_F2)
    editor = side.view.findChild(QLineEdit, "Title")
    qtbot.keyClicks(editor, "Broad smile")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.keyClicks(side.notes, "take two")
    qtbot.waitUntil(
        lambda: (read_info(folder).title, read_info(folder).notes) == ("Broad smile", "take two"), timeout=LONG
    )
    qtbot.waitUntil(lambda: entry(sessions, folder).notes == "take two", timeout=LONG)
    assert entry(sessions, folder).title == "Broad smile" and player.folder == folder

    qtbot.mouseClick(player.controls.findChildren(QPushButton)[-1], LEFT)
    qtbot.waitUntil(lambda: panel.isVisible() and panel.form.session is not None, timeout=LONG)
    qtbot.waitUntil(lambda: panel.form.out == own_home / "Broad smile.csv", timeout=LONG)
    recorded = Session.open(folder)
    table = exported(qtbot, sessions, "csv", own_home / "all.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 1 + len(recorded.rows) and panel.reveal.isVisible()
    low, high = (float(recorded.rows.time[len(recorded.rows) * part // 4]) for part in (1, 3))
    player.deck.set_range((low, high))
    wanted = texts.EXPORT_LOOP.format(start=texts.tenths(low), end=texts.tenths(high))
    qtbot.waitUntil(lambda: panel.form.part.currentText() == wanted, timeout=LONG)
    loop = player.range
    assert loop is not None
    table = exported(qtbot, sessions, "csv", own_home / "part.csv").read_text(encoding="utf-8").splitlines()
    inside = (recorded.rows.time >= loop[0] - 1e-5) & (recorded.rows.time <= loop[1] + 1e-5)
    assert len(table) == 1 + inside.sum()
    assert exported(qtbot, sessions, "glb", own_home / "head.glb").read_bytes()[:4] == b"glTF"

    panel.form.set_out(own_home / "cancelled.glb")
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.mouseClick(panel.cancel, LEFT)
    qtbot.waitUntil(lambda: panel.job is None, timeout=LONG)
    assert panel.sentence.text() == texts.EXPORT_CANCELLED
    assert not [p for p in own_home.iterdir() if "cancelled" in p.name]

    qtbot.keyClick(side.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not folder.exists() and not shown(sessions), timeout=LONG)
    assert "“Broad smile” is in the trash." in sessions.banners.texts["task"]
    qtbot.waitUntil(lambda: player.folder is None and not panel.isVisible(), timeout=LONG)
    press(qtbot, sessions.banners, texts.UNDO)
    qtbot.waitUntil(lambda: player.folder == folder and shown(sessions) == [folder], timeout=LONG)
    sessions.actions_["delete"].trigger()
    qtbot.waitUntil(lambda: not folder.exists(), timeout=LONG)
    assert [p.name for p in (own_home / "Trash" / "files").iterdir()] == [folder.name]


def test_nothing_yet_then_one_that_is_recorded(qtbot: Any, main: MainWindow, sessions: SessionsWindow) -> None:
    side = sessions.side
    qtbot.waitUntil(lambda: side.empty.text() == texts.NO_SESSIONS and side.empty.isVisible(), timeout=LONG)
    assert "Ctrl+R" in side.how.text() and not sessions.actions_["delete"].isEnabled()
    begin(qtbot, main, frames=3)
    qtbot.waitUntil(lambda: side.current is not None and side.current.locked, timeout=LONG)
    qtbot.waitUntil(lambda: sessions.message.text() == texts.STILL_RECORDING, timeout=LONG)
    assert not any(sessions.actions_[k].isEnabled() for k in ("delete", "rename", "export"))
    assert not side.notes.isEnabled()
    folder = end(qtbot, main)
    qtbot.waitUntil(lambda: sessions.player.folder == folder and sessions.player.replay is not None, timeout=LONG)
    assert sessions.actions_["delete"].isEnabled() and side.notes.isEnabled()


def test_a_recording_that_begins_on_a_slow_disk_is_listed(
    qtbot: Any, main: MainWindow, sessions: SessionsWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def slow(*args: Any) -> SessionWriter:
        assert answers.wait(LONG / 1000)
        return SessionWriter(*args)

    monkeypatch.setattr(recorder_module, "SessionWriter", slow)
    begin(qtbot, main)
    answers.set()
    qtbot.waitUntil(lambda: sessions.side.current is not None and sessions.side.current.locked, timeout=LONG)
    end(qtbot, main)


def test_search_broken_ones_and_other_folders(qtbot: Any, main: MainWindow, tmp_path: Path) -> None:
    root = sessions_root()
    for name, title, notes in (("a", "Smile", "first\nRED"), ("b", "Frown", ""), ("c", "", "red and blue")):
        write_session(root / name, 12)
        write_info(root / name, replace(read_info(root / name), title=title, notes=notes))
    (root / "2020-01-01 10-00-00").mkdir()
    (root / "2020-01-01 10-00-00" / INFO).write_text("{", encoding="utf-8")
    main.actions_["library"].trigger()
    sessions = main.commands.sessions
    assert sessions is not None
    side = sessions.side
    qtbot.waitUntil(lambda: len(shown(sessions)) == 4, timeout=LONG)
    qtbot.keyClicks(side.search, "red")
    assert {p.name for p in shown(sessions)} == {"a", "c"}
    qtbot.keyClicks(side.search, " smi")
    assert [p.name for p in shown(sessions)] == ["a"]
    qtbot.waitUntil(lambda: side.current is not None and side.current.folder.name == "a", timeout=LONG)
    qtbot.keyClicks(side.search, "x")
    qtbot.waitUntil(lambda: side.how.text() == texts.NONE_FOUND and sessions.player.folder is None, timeout=LONG)
    assert not sessions.actions_["delete"].isEnabled()
    side.search.clear()
    side.choose(root / "2020-01-01 10-00-00")
    qtbot.waitUntil(lambda: "is damaged" in sessions.message.text(), timeout=LONG)
    assert sessions.actions_["delete"].isEnabled() and not sessions.actions_["rename"].isEnabled()
    # The choice stays when the list changes.
    write_session(root / "0 new", 6)
    qtbot.waitUntil(lambda: len(shown(sessions)) == 5, timeout=LONG)
    assert side.current is not None and side.current.folder.name == "2020-01-01 10-00-00"

    far = tmp_path / "far away"
    write_session(far, 6)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(far / INFO))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    sessions.dropEvent(QDropEvent(QPointF(9, 9), copy, data, LEFT, none))  # Qt sends none without a drag
    qtbot.waitUntil(lambda: sessions.player.folder == far, timeout=LONG)
    assert len(shown(sessions)) == 6
    sessions.open_folder(tmp_path)
    qtbot.waitUntil(lambda: "is not a session" in sessions.banners.texts.get("task", ""), timeout=LONG)
    assert len(shown(sessions)) == 6


def test_keys_choose_curves_beside_the_player(qtbot: Any, main: MainWindow) -> None:
    sessions = three(qtbot, main)
    player = sessions.player
    qtbot.waitUntil(lambda: player.shown_row >= 0, timeout=LONG)
    bars, playback = player.readout.bars, player.playback
    assert playback is not None
    with qtbot.waitActive(sessions, timeout=LONG):
        sessions.activateWindow()
    bars.setFocus(Qt.FocusReason.TabFocusReason)
    before = list(player.readout.colors)
    for key in (Qt.Key.Key_PageUp, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(bars, key)
    assert set(before) ^ set(player.readout.colors) == {bars.names[1]}
    assert not playback.playing
    sessions.side.view.setFocus()
    qtbot.keyClick(sessions.side.view, Qt.Key.Key_Space)
    assert playback.playing


def test_a_closed_window_lets_go_of_its_session(qtbot: Any, main: MainWindow) -> None:
    """Of three hours, that is a gigabyte, beside a window that may run all day."""
    sessions = three(qtbot, main)
    player, form = sessions.player, sessions.panel.form
    qtbot.waitUntil(lambda: player.shown_row >= 0, timeout=LONG)
    sessions.toggle_export()
    qtbot.waitUntil(lambda: form.session is not None, timeout=LONG)
    assert player.replay is not None and form.session is not None
    held = [weakref.ref(part) for part in (player.replay, player.replay.session.rows, form.session)]
    sessions.close()
    qtbot.waitUntil(lambda: gc.collect() >= 0 and [ref() for ref in held] == [None] * 3, timeout=LONG)
    main.actions_["library"].trigger()
    qtbot.waitUntil(lambda: player.shown_row >= 0 and form.session is not None, timeout=LONG)


def test_several_sessions_are_deleted_and_come_back(qtbot: Any, main: MainWindow) -> None:
    sessions = three(qtbot, main)
    view, found = sessions.side.view, sessions.side.found
    at = view.visualRect(found.index(1, 0)).center()
    qtbot.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, at)
    assert [e.folder.name for e in sessions.side.chosen_entries] == ["a", "b"]
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: [p.name for p in shown(sessions)] == ["c"], timeout=LONG)
    qtbot.waitUntil(lambda: sessions.banners.texts.get("task") == "2 sessions are in the trash.", timeout=LONG)
    press(qtbot, sessions.banners, texts.UNDO)
    qtbot.waitUntil(lambda: len(shown(sessions)) == 3, timeout=LONG)
    qtbot.waitUntil(lambda: sessions.banners.texts.get("task") == "2 sessions are back.", timeout=LONG)


def test_themes_tool_tips_and_keys(qtbot: Any, main: MainWindow, sessions: SessionsWindow) -> None:
    for name, bright in (("light", True), ("dark", False)):
        main.set_appearance(name)
        picture = pixels(sessions.grab().toImage())
        assert (np.median(picture) > 128) == bright
    sessions.panel.show()
    kinds: tuple[type[QWidget], ...] = (QAbstractButton, QComboBox, QLineEdit)
    widgets = [w for kind in kinds for w in sessions.findChildren(kind) if w.window() is sessions]
    widgets = [w for w in widgets if not w.objectName().startswith("qt_") and w.isVisibleTo(sessions)]
    assert len(widgets) > 12 and [w for w in widgets if not w.toolTip()] == []
    keys = [a.shortcut().toString() for a in sessions.actions_.all() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) == 8
    qtbot.keyClick(sessions, Qt.Key.Key_F1)
    (sheet,) = sessions.findChildren(Sheet)
    listed = {label.text() for label in sheet.findChildren(QLabel)}
    assert listed >= {*keys, *(spec.shortcut for spec in PLAYER_TABLE if spec.keys)}
    qtbot.keyClick(sessions, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: not sessions.findChildren(Sheet), timeout=LONG)
    qtbot.keyClick(sessions, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(sessions, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not sessions.isVisible(), timeout=LONG)
