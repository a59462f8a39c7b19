"""What tests do in the sessions window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from seen import LONG
from session_files import write_session

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.sessions_window.export_panel import ExportPanel
from expnet_live.app.sessions_window.window import SessionsWindow
from expnet_live.sessions.catalog.catalog import Entry
from expnet_live.sessions.format.folder import sessions_root
from expnet_live.sessions.format.info import read_info, write_info

LEFT = Qt.MouseButton.LeftButton


def begin(qtbot: Any, main: MainWindow, frames: int = 30) -> None:
    qtbot.waitUntil(lambda: main.actions_["record"].isEnabled(), timeout=LONG)
    main.actions_["record"].trigger()
    recorder = main.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.frames >= frames, timeout=LONG)


def end(qtbot: Any, main: MainWindow) -> Path:
    main.actions_["record"].trigger()
    qtbot.waitUntil(lambda: main.controller.recording.last is not None, timeout=LONG)
    assert main.controller.recording.last is not None
    return main.controller.recording.last.folder


def shown(sessions: SessionsWindow) -> list[Path]:
    found = sessions.side.found
    return [found.index(i, 0).data(Qt.ItemDataRole.UserRole).folder for i in range(found.rowCount())]


def entry(sessions: SessionsWindow, folder: Path) -> Entry:
    return next(e for e in sessions.side.model.entries if e.folder == folder)


def exported(qtbot: Any, sessions: SessionsWindow, format: str, path: Path) -> Path:
    panel = sessions.panel
    panel.form.set_format(format)
    panel.form.set_out(path)
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: panel.job is None, timeout=2 * LONG)
    assert panel.sentence.text().startswith(f"{path.name} is saved."), panel.sentence.text()
    return path


def export_panel(qtbot: Any, sessions: SessionsWindow) -> ExportPanel:
    """Opened, for the session that the player has."""
    qtbot.waitUntil(lambda: sessions.player.replay is not None, timeout=LONG)
    sessions.actions_["export"].trigger()
    qtbot.waitUntil(lambda: sessions.panel.form.out is not None, timeout=LONG)
    return sessions.panel


def three(qtbot: Any, main: MainWindow) -> SessionsWindow:
    """The window with three sessions, two of the same title; a, the newest, is shown."""
    for i, (name, title) in enumerate((("c", "Wide / smile"), ("b", "Frown"), ("a", "Frown"))):
        folder = sessions_root() / name
        write_session(folder, 12 + i)
        info = replace(read_info(folder), title=title, started=f"2026-01-0{i + 1}T10:00:00.000+01:00")
        write_info(folder, info)
    main.actions_["library"].trigger()
    sessions = main.commands.sessions
    assert sessions is not None
    qtbot.waitUntil(lambda: len(shown(sessions)) == 3 and sessions.player.replay is not None, timeout=LONG)
    return sessions
