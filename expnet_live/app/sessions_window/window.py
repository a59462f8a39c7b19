"""The sessions window: the list on the left, the player on the right, the export panel below it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QFileSystemWatcher, QSettings, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QMainWindow, QScrollArea, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.player.actions import TABLE as PLAYER_TABLE
from expnet_live.app.player.player_view import PlayerView
from expnet_live.app.sessions_window.actions import BUTTONS, MENU, TABLE
from expnet_live.app.sessions_window.deleting import Deleting
from expnet_live.app.sessions_window.export_job import Chosen
from expnet_live.app.sessions_window.export_panel import ExportPanel
from expnet_live.app.sessions_window.librarian import Librarian
from expnet_live.app.sessions_window.model import display_title
from expnet_live.app.sessions_window.side import ListSide
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.banners import BannerStack
from expnet_live.app.widgets.own_keys import OwnKeys
from expnet_live.app.widgets.pieces import PlainLabel, ask_folder, resize_on_screen, reveal
from expnet_live.app.widgets.sheets import Sheets, shortcuts_sheet
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.machine import give_back_freed_memory
from expnet_live.heads.look import USUAL
from expnet_live.sessions.catalog.catalog import Entry, rename, set_markers, set_notes, settle_markers
from expnet_live.sessions.format.info import read_info
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.reading.session import Session

_TICK = 80  # ms
_LEAST = 480, 300  # px
_PATIENCE = 2.0  # s to wait for pending work when the window closes
_GEOMETRY, _SIDES = "sessions geometry", "sessions sides"  # keys of the settings


class SessionsWindow(QMainWindow):
    """Closing only hides it, to be shown again; `shut_down` ends it. Its threads run while it is visible."""

    def __init__(self, theme: Theme, store: QSettings, state: WindowState | None = None) -> None:
        """`state` is the main window's, see PlayerView."""
        super().__init__()
        self._theme, self._store = theme, store
        self._others: tuple[Path, ...] = ()
        self._librarian: Librarian | None = None
        self._revision = 0
        self._active = False
        self.setWindowTitle(f"{texts.LIBRARY} – {texts.APP}")
        self.setAcceptDrops(True)
        self._sheets = Sheets(self)
        self.actions_ = Actions(self, TABLE, self)
        OwnKeys(self)
        self.side = ListSide(
            [self.actions_[name] for name in BUTTONS],
            [self.actions_[name] if name else None for name in MENU],
            self.actions_["other"],
        )
        self.player = PlayerView(theme, state)
        self.panel = ExportPanel(store, reveal, self._ask_disk, lambda: USUAL if state is None else state.choices.look)
        self._right = QWidget()
        self.banners = BannerStack(self._right)
        self._deleting = Deleting(self._ask, self.banners, self.side.choose)
        self.message = PlainLabel(texts.CHOOSE_SESSION)
        self._arrange()
        self._connect()
        self.set_theme(theme)

    # --- what the main window calls -----------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for part in (self.side, self.player, self.panel, self.banners, self.actions_):
            part.set_theme(theme)

    def refresh(self) -> None:
        """Update the list, because a recording has started or ended."""
        if self._librarian is not None:
            self._librarian.refresh()

    def show_session(self, folder: Path | None = None) -> None:
        """Bring the window to the front, with the session in that folder if one is given."""
        self.show()
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()
        if folder is not None:
            self.open_folder(folder)

    def open_folder(self, folder: Path) -> None:
        """Choose the session in that folder, which may be anywhere."""
        folder, librarian = folder.absolute(), self._librarian
        if librarian is None:
            return

        def choose(_: object = None) -> None:
            self.side.choose(folder)
            librarian.refresh(self._others)

        def add(_: object) -> None:
            self._others = (*(f for f in self._others if f != folder), folder)
            choose()

        if folder.parent == librarian.root.absolute():
            choose()
        else:
            librarian.ask(lambda: read_info(folder), add, self._say_failed)

    def show_shortcuts(self) -> None:
        hints = texts.HEAD_HINT, texts.MARKS_HINT
        self._sheets.show(lambda: shortcuts_sheet(self, (*TABLE, *PLAYER_TABLE), *hints))

    def shut_down(self) -> None:
        self.close()
        self.player.close()
        self.deleteLater()

    # --- life ---------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._librarian is None:
            self._librarian = Librarian()
            self._revision = 0
            self._librarian.refresh(self._others)
            self._librarian.start()
            self._timer.start(_TICK)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # it continues when minimized
            self._end()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._store.setValue(_GEOMETRY, self.saveGeometry())
        self._store.setValue(_SIDES, self._sides.saveState())
        super().closeEvent(event)

    def _end(self) -> None:
        self._timer.stop()
        self.panel.stop()
        self.side.notes.save()
        self.side.forget()
        self._settle()
        self.player.close_session()
        self.panel.set_session(None)
        # Of hours it is more than all the rest of the program has.
        threading.Thread(target=give_back_freed_memory, name="giving back of memory", daemon=True).start()
        librarian, self._librarian = self._librarian, None
        if librarian is not None:
            librarian.stop()
            librarian.join(_PATIENCE)
        if watched := self._watcher.directories():
            self._watcher.removePaths(watched)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if self.isActiveWindow() and not self._active:
            self.refresh()
        self._active = self.isActiveWindow()

    def _tick(self) -> None:
        librarian = self._librarian
        if librarian is None:
            return
        librarian.deliver()
        if librarian.revision != self._revision:
            self._revision = librarian.revision
            self.side.set_entries(librarian.entries)
            self._show_actions()
            if librarian.problem:
                self.banners.show_banner("list", "error", librarian.problem)
            else:
                self.banners.dismiss("list")
            if librarian.rooted and not self._watcher.directories():
                self._watcher.addPath(str(librarian.root))
        if self.panel.isVisible():
            self.panel.set_range(self.player.range)
            self.panel.set_shown(self.player.face)
            self.panel.set_several([Chosen(e.folder, display_title(e)) for e in self.side.chosen_entries if e.usable])
        self.panel.tick()

    # --- the chosen session -------------------------------------------------------------------

    def _choose(self, entry: Entry | None) -> None:
        """Show it in the player, or say why that is not possible."""
        self._show_actions()
        if entry is None or not entry.usable:
            self._settle()
            self.player.close_session()
            self.panel.hide()
            sentence = texts.CHOOSE_SESSION
            if entry is not None:
                sentence = texts.STILL_RECORDING if entry.locked else entry.problem
            self.message.setText(sentence)
            self._pages.setCurrentIndex(0)
            return
        self._pages.setCurrentIndex(1)
        if self.player.folder != entry.folder:
            self._settle()
            self.player.open_session(entry.folder)
            if self.panel.isVisible():
                self._load_export()
            else:
                self.panel.set_session(None)

    def _show_actions(self) -> None:
        entry = self.side.current
        usable = entry is not None and entry.usable
        self.actions_["rename"].setEnabled(usable)
        self.actions_["export"].setEnabled(usable)
        self.actions_["reveal"].setEnabled(entry is not None)
        self.actions_["delete"].setEnabled(any(not e.locked for e in self.side.chosen_entries))

    def _renamed(self, folder: Path, title: str) -> None:
        self._ask(lambda: rename(folder, title))

    def _noted(self, folder: Path, notes: str) -> None:
        self._ask(lambda: set_notes(folder, notes))

    def _marked(self, folder: Path, markers: tuple[Marker, ...]) -> None:
        form = self.panel.form
        if form.session is not None and form.session.folder == folder:
            form.session = replace(form.session, markers=markers)
        self._ask_disk(lambda: set_markers(folder, markers))

    def _settle(self) -> None:
        """Bring the table of the session that is left up to date."""
        if (folder := self.player.folder) is not None:
            self._ask_disk(lambda: settle_markers(folder))

    def _ask(
        self,
        work: Callable[[], object],
        then: Callable[[object], None] = lambda _: None,
        failed: Callable[[str], None] | None = None,
        /,
    ) -> None:
        """Change sessions, then reload the list and report errors."""
        if self._librarian is not None:
            self._librarian.ask(work, then, failed or self._say_failed)
            self._librarian.refresh()

    def _ask_disk(self, work: Callable[[], Any], then: Callable[[Any], None] = lambda _: None) -> None:
        if self._librarian is not None:
            self._librarian.ask(work, then, self._say_failed)

    def _say_failed(self, sentence: str) -> None:
        self.banners.show_banner("task", "error", sentence)

    def reveal(self) -> None:
        if (entry := self.side.current) is not None:
            reveal(entry.folder)

    def delete(self) -> None:
        """All that are chosen in the list."""
        entries = [e for e in self.side.chosen_entries if not e.locked]
        if not entries:
            return
        self.side.notes.save()
        if self.player.folder in [e.folder for e in entries]:
            self.player.close_session()  # some systems cannot move a file that is being read
            self.side.forget()
        self._deleting.delete(entries)

    # --- export -------------------------------------------------------------------------------

    def toggle_export(self) -> None:
        if self.panel.isVisible() and self.panel.job is None:
            self.panel.hide()
        elif self.actions_["export"].isEnabled():
            self.panel.show()
            self._load_export()

    def _load_export(self) -> None:
        """Give the panel faces and length, which takes longer for a longer table."""
        entry = self.side.current
        if entry is None or self._librarian is None:
            return
        if self.panel.form.session is not None and self.panel.form.session.folder == entry.folder:
            self.panel.set_session(self.panel.form.session, display_title(entry))
            return
        self.panel.set_session(None)

        def read() -> tuple[Session, tuple[str, ...]]:
            return Session.open(entry.folder), tuple(Wardrobe().names())

        def loaded(found: tuple[Session, tuple[str, ...]]) -> None:
            session, self.panel.form.heads = found
            current = self.side.current
            if current is not None and current.folder == session.folder:
                self.panel.set_session(session, display_title(current))

        self._librarian.ask(read, loaded, self.panel.say)

    # --- other folders ------------------------------------------------------------------------

    def ask_folder(self) -> None:
        ask_folder(self, texts.OPEN_OTHER_TITLE, Path.home(), self.open_folder).setObjectName("other")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a dropped folder of a session, or any file in it."""
        path = next((Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()), None)
        if path is not None and self._librarian is not None:
            self._librarian.ask(lambda: path if path.is_dir() else path.parent, self.open_folder)

    # --- layout -------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.message.setObjectName("Muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        nothing = QWidget()
        nothing.setObjectName("Panel")
        nothing.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(nothing)
        column.setContentsMargins(60, 0, 60, 0)
        column.addWidget(self.message)
        pages, right = QWidget(), self._right
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(nothing)
        self._pages.addWidget(self.player)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.banners)
        column.addWidget(pages, 1)
        column.addWidget(self.panel)
        self.panel.hide()
        self._sides = QSplitter(Qt.Orientation.Horizontal)
        self._sides.setHandleWidth(8)
        self._sides.setChildrenCollapsible(False)
        self._sides.addWidget(self.side)
        self._sides.addWidget(right)
        self._sides.setStretchFactor(1, 1)
        self._sides.setSizes([340, 940])
        self.setContentsMargins(10, 10, 10, 10)
        area = QScrollArea()  # all of it can be reached on the smallest screens
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._sides)
        self.setCentralWidget(area)
        self.setMinimumSize(*_LEAST)
        resize_on_screen(self, 1280, 820)
        if geometry := self._store.value(_GEOMETRY):
            self.restoreGeometry(geometry)
        if sides := self._store.value(_SIDES):
            self._sides.restoreState(sides)

    def _connect(self) -> None:
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.refresh)
        self.side.chosen.connect(self._choose)
        chosen = self.side.view.selectionModel()
        for changed in (chosen.currentChanged, chosen.selectionChanged):
            changed.connect(lambda *_: self._show_actions())
        self.side.model.renamed.connect(self._renamed)
        self.side.notes.edited.connect(self._noted)
        self.side.view.addAction(self.player.actions_["play"])
        self.player.markers_changed.connect(self._marked)
        self.player.export_asked.connect(self.toggle_export)
