"""The panel under the player that exports a session, or a part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.sessions_window.export_form import Ask, ExportForm, Range
from expnet_live.app.sessions_window.export_job import Chosen, Exporting, ExportJob, SeveralJob
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.pieces import PlainLabel, as_shown
from expnet_live.heads.look import Look
from expnet_live.sessions.reading.session import Session

_PATIENCE = 2.0  # s to wait for a cancelled export to end


class ExportPanel(QWidget):
    """`show_folder` is called with the path of the export; for `ask` and `look` see the form. A timer calls `tick`
    several times a second."""

    def __init__(
        self, store: QSettings, show_folder: Callable[[Path], None], ask: Ask, look: Callable[[], Look]
    ) -> None:
        super().__init__()
        self._show_folder = show_folder
        self._made: Path | None = None
        self.job: Exporting | None = None
        self._waiting = False  # for a free name, then to export
        self.form = ExportForm(store, ask, look)
        self.form.named.connect(self._named)
        self.sentence, self.progress, self._close = PlainLabel(), QProgressBar(), QToolButton()
        self.start, self.cancel = QPushButton(texts.EXPORT), QPushButton(texts.EXPORT_CANCEL)
        self.reveal = QPushButton(texts.REVEAL)
        self._arrange()
        self.start.clicked.connect(self.export)
        self.cancel.clicked.connect(self._cancel)
        self.reveal.clicked.connect(lambda: self._made and self._show_folder(self._made.parent))
        self._close.clicked.connect(self.hide)
        self._show_state()

    def set_theme(self, theme: Theme) -> None:
        self._close.setIcon(icons.icon("close", theme.muted))
        self.form.set_theme(theme)

    def set_session(self, session: Session | None, title: str = "") -> None:
        """Set the session, or None while it is loading. A running export continues."""
        self._waiting = False
        self.form.set_session(session, title)
        if self.job is None:
            self.say("" if session is not None else texts.EXPORT_LOADING)
        self._show_state()

    def set_range(self, wanted: Range | None) -> None:
        """Set the player's loop."""
        if self.form.session is not None:
            self.form.set_range(wanted)

    def set_several(self, sessions: Sequence[Chosen]) -> None:
        """Set the sessions that are chosen in the list, if there are several. A running export continues."""
        if self.job is None:
            self.form.set_several(sessions)

    def set_shown(self, face: int | None) -> None:
        """Set the face that the player shows."""
        self.form.set_shown(face)

    def export(self) -> None:
        form = self.form
        self._waiting = form.session is not None and form.out is None
        if form.session is None or form.out is None or self.job is not None:
            return
        if form.several:
            self.job = SeveralJob(form.several, form.options(), form.name_finder())
        else:
            self.job = ExportJob(form.session, form.options(), form.replaces)
        self.progress.setValue(0)
        self.job.start()
        self.say(texts.EXPORTING.format(name=self.job.doing, percent=0))
        self._show_state()

    def _named(self) -> None:
        if self._waiting:
            self.export()

    def tick(self) -> None:
        job = self.job
        if job is None:
            return
        percent = 100 * job.done // max(job.total, 1)
        self.progress.setValue(percent)
        if job.ended:
            self.job = None
            self._tell(job)
        elif not job.stopping:
            self.say(texts.EXPORTING.format(name=job.doing, percent=percent))

    def stop(self) -> None:
        """Cancel a running export within two seconds."""
        if self.job is not None:
            self.job.stop()
            self.job.join(_PATIENCE)
            self.tick()

    def say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setToolTip(as_shown(sentence))
        self.reveal.hide()

    def _cancel(self) -> None:
        if self.job is not None:
            self.job.stop()
            self.say(texts.EXPORT_CANCELLING)
            self._show_state()

    def _tell(self, job: Exporting) -> None:
        self.say(job.told or job.problem or texts.EXPORT_CANCELLED)
        if job.made is not None:
            self._made = job.made
            self.reveal.show()
            self.form.made()
        self._show_state()

    def _show_state(self) -> None:
        busy = self.job is not None
        self.form.setEnabled(self.form.session is not None and not busy)
        self.start.setEnabled(self.form.session is not None)
        self.start.setVisible(not busy)
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        self.cancel.setEnabled(self.job is not None and not self.job.stopping)

    def _arrange(self) -> None:
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        tips: tuple[tuple[QWidget, str], ...] = (
            (self.start, texts.EXPORT_TIP),
            (self.cancel, texts.EXPORT_CANCEL_TIP),
            (self.reveal, texts.REVEAL_TIP),
            (self.progress, texts.EXPORT_PROGRESS_TIP),
            (self._close, texts.EXPORT_CLOSE_TIP),
        )
        for widget, tip in tips:
            widget.setToolTip(tip)
        heading = PlainLabel(texts.EXPORT.upper())
        heading.setObjectName("DockTitle")
        self._close.setObjectName("Flat")
        self._close.setAccessibleName(texts.EXPORT_CLOSE_TIP)
        self.start.setObjectName("Primary")
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.setRange(0, 100)
        self.sentence.setWordWrap(True)
        top, bottom, said = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self._close)
        said.addWidget(self.sentence)
        said.addWidget(self.progress)
        bottom.addLayout(said, 1)
        for button in (self.reveal, self.cancel, self.start):
            bottom.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.form)
        column.addLayout(bottom)
