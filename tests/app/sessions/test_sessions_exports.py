"""Exports of one session and of several in the sessions window."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from blendshape_sets import SHAPES, make_set
from PySide6.QtCore import Qt
from seen import LONG
from session_files import write_session
from sessions_shown import LEFT, export_panel, three

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.sessions_window.window import SessionsWindow
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.library import Library, import_head
from expnet_live.outputs.export.entities import USUAL_ENTITIES
from expnet_live.outputs.export.format import FORMATS
from expnet_live.sessions.format.folder import TABLE, sessions_root
from expnet_live.sessions.format.info import read_info, write_info
from expnet_live.sessions.reading.session import Session


def _shown(main: MainWindow, session: Session) -> SessionsWindow:
    """The sessions window with that session."""
    main.commands.show_sessions(session.folder)
    assert main.commands.sessions is not None
    return main.commands.sessions


def test_closing_ends_an_export_and_the_threads(
    qtbot: Any, main: MainWindow, own_home: Path, demo_session: Session
) -> None:
    sessions = _shown(main, demo_session)
    panel = export_panel(qtbot, sessions)
    panel.form.set_format("obj")
    panel.form.set_out(own_home / "meshes")
    panel.export()
    job = panel.job
    assert job is not None
    qtbot.waitUntil(lambda: job.done > 0, timeout=LONG)
    qtbot.keyClicks(sessions.side.notes, "kept")
    start = time.monotonic()
    sessions.close()
    assert time.monotonic() - start < 2.5 and not job.alive
    assert [p for p in own_home.iterdir() if "meshes" in p.name] == []
    assert read_info(demo_session.folder).notes == "kept"
    write_info(demo_session.folder, replace(read_info(demo_session.folder), notes=""))
    main.actions_["library"].trigger()  # the same window again
    qtbot.waitUntil(lambda: sessions.isVisible() and sessions.player.replay is not None, timeout=LONG)
    main.close()
    assert not sessions.isVisible()


def test_the_export_panel_has_room_on_a_small_screen(qtbot: Any, main: MainWindow) -> None:
    """1280 x 720, less a title bar and a panel of the desktop: the button *Export* is not below its edge."""
    sessions = three(qtbot, main)
    export_panel(qtbot, sessions)
    sessions.resize(1280, 640)
    qtbot.waitUntil(lambda: sessions.panel.geometry().bottom() > 600, timeout=LONG)
    assert sessions.height() == 640 and sessions.minimumSizeHint().width() <= 1280


def test_several_sessions_are_exported_at_once(qtbot: Any, main: MainWindow, own_home: Path) -> None:
    """Each by its title, into one folder; one that cannot be exported does not keep the others from it."""
    sessions = three(qtbot, main)
    panel, view = export_panel(qtbot, sessions), sessions.side.view
    form = panel.form
    (own_home / "out").mkdir()
    (own_home / "out" / "Frown.csv").write_text("older", encoding="utf-8")
    assert form.several == () and form.part.count() == 2
    qtbot.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: form.part.currentText() == "The 3 chosen sessions", timeout=LONG)
    form.set_folder(own_home / "out")
    qtbot.waitUntil(lambda: form.out is not None, timeout=LONG)
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: panel.job is None, timeout=2 * LONG)
    assert panel.sentence.text() == f"3 sessions are saved in {own_home / 'out'}." and panel.reveal.isVisible()
    rows = {p.stem: len(p.read_text(encoding="utf-8").splitlines()) - 1 for p in (own_home / "out").iterdir()}
    assert rows == {"Frown": 0, "Frown 2": 14, "Frown 3": 13, "Wide _ smile": 12}
    # Without the second one's table, and with fewer chosen.
    (sessions_root() / "b" / TABLE).write_text("nonsense", encoding="utf-8")
    form.set_format("npz")
    qtbot.waitUntil(lambda: form.out is not None, timeout=LONG)
    panel.export()
    qtbot.waitUntil(lambda: panel.job is None, timeout=2 * LONG)
    assert panel.sentence.text().startswith(f"2 of 3 sessions are saved in {own_home / 'out'}. Frown: ")
    assert {p.name for p in (own_home / "out").glob("*.npz")} == {"Frown.npz", "Wide _ smile.npz"}
    view.setCurrentIndex(sessions.side.found.index(0, 0))
    qtbot.waitUntil(lambda: form.several == () and form.part.count() == 2, timeout=LONG)
    qtbot.waitUntil(lambda: form.out is not None and form.out.name == "Frown 2.npz", timeout=LONG)


def test_several_exports_are_cancelled(qtbot: Any, main: MainWindow, own_home: Path) -> None:
    sessions = three(qtbot, main)
    panel = export_panel(qtbot, sessions)
    sessions.side.view.selectAll()
    qtbot.waitUntil(lambda: len(panel.form.several) == 3, timeout=LONG)
    panel.form.set_folder(own_home)
    qtbot.waitUntil(lambda: panel.form.out is not None, timeout=LONG)
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.mouseClick(panel.cancel, LEFT)
    qtbot.waitUntil(lambda: panel.job is None, timeout=LONG)
    files = [p for p in own_home.iterdir() if p.is_file()]
    told = panel.sentence.text()
    part = texts.EXPORT_SEVERAL_PART.format(done=len(files), n=3, folder=own_home)
    # On a busy machine, all of them may be saved before the button is pressed.
    whole = texts.EXPORT_SEVERAL_DONE.format(n=3, folder=own_home)
    assert told == {0: texts.EXPORT_CANCELLED, 3: whole}.get(len(files), part)
    assert all(p.suffix == ".csv" for p in files)


def test_what_an_export_cannot_do_is_said(qtbot: Any, main: MainWindow, own_home: Path, demo_session: Session) -> None:
    write_session(sessions_root() / "private", 12)
    main.actions_["library"].trigger()
    sessions = main.commands.sessions
    assert sessions is not None
    panel = export_panel(qtbot, sessions)
    at = panel.form.format.findText(FORMATS["overlay"].title)
    assert "has no video" in panel.form.format.itemData(at, Qt.ItemDataRole.ToolTipRole)
    (own_home / "taken.csv").touch()
    panel.form.out = own_home / "taken.csv"
    panel.export()
    qtbot.waitUntil(lambda: panel.job is None, timeout=LONG)
    assert "taken.csv already exists" in panel.sentence.text() and (own_home / "taken.csv").stat().st_size == 0
    panel.form.set_out(own_home / "taken.csv")  # the dialog asked
    panel.export()
    qtbot.waitUntil(lambda: panel.job is None, timeout=LONG)
    assert (own_home / "taken.csv").stat().st_size > 0
    panel.form.set_out(own_home / "taken.csv" / "below.csv")
    panel.export()
    qtbot.waitUntil(lambda: panel.job is None, timeout=LONG)
    assert "cannot be written" in panel.sentence.text()
    panel.form.set_format("glb")  # of names that no model has
    panel.form.set_out(own_home / "head.glb")
    panel.export()
    qtbot.waitUntil(lambda: panel.job is None, timeout=LONG)
    assert "another face model" in panel.sentence.text() and not (own_home / "head.glb").exists()


def test_imported_heads_are_offered_for_meshes(
    qtbot: Any, main: MainWindow, tmp_path: Path, demo_session: Session, sessions: SessionsWindow
) -> None:
    model = FaceModel.load()
    make_set(tmp_path / "set", model, SHAPES)
    Library().add("Mask", import_head(tmp_path / "set", model)[0])
    form = sessions.panel.form
    form.heads = tuple(Library().names())
    form.set_session(demo_session, "Demo")
    assert form.head.isHidden()
    form.set_format("ply")
    assert not form.head.isHidden()
    form.head.setCurrentIndex(form.head.findText("Mask"))
    form.head.activated.emit(form.head.currentIndex())
    qtbot.waitUntil(lambda: form.out is not None, timeout=LONG)
    assert form.options().head == "Mask"
    form.set_format("csv")
    qtbot.waitUntil(lambda: form.out is not None, timeout=LONG)
    assert form.options().head is None


def test_an_export_as_bids_has_the_names_of_the_fields(
    qtbot: Any, main: MainWindow, own_home: Path, demo_session: Session
) -> None:
    sessions = _shown(main, demo_session)
    panel = export_panel(qtbot, sessions)
    form = panel.form
    form.set_format("csv")
    assert not form.bids.isVisible()
    form.set_format("bids")
    form.set_out(own_home / "bids")
    assert form.bids.isVisible() and form.options().entities == USUAL_ENTITIES
    qtbot.keyClicks(form.bids.subject, "0-7_k.")  # keys of the player, and what no label holds
    qtbot.keyClicks(form.bids.session, "2")
    qtbot.keyClicks(form.bids.task, "smile")
    assert [f.text() for f in (form.bids.subject, form.bids.session, form.bids.task)] == ["07k", "2", "smile"]
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: panel.job is None, timeout=2 * LONG)
    names = {p.name for p in (own_home / "bids" / "sub-07k" / "ses-2" / "motion").iterdir()}
    assert "sub-07k_ses-2_task-smile_tracksys-expnet_motion.tsv" in names
    form.set_format("csv")
    form.set_out(own_home / "table.csv")
    assert form.options().entities == USUAL_ENTITIES
