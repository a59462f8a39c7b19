"""The panel under the player that saves a session, or a part of it, in another format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from expnet_live.app import icons, texts
from expnet_live.app.library.export_job import ExportJob
from expnet_live.app.models.catalog import Option
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.views.controls import Chooser
from expnet_live.export.options import ENDINGS, TABLES, ExportOptions, Format
from expnet_live.export.track import faces_of
from expnet_live.sessions.session import Session

Range = tuple[float, float]
_RATES = (None, 24.0, 25.0, 30.0, 50.0, 60.0)
_ALL_FACES = (*TABLES, Format.OVERLAY)  # formats that have room for several faces
_PATIENCE = 2.0  # s that a cancelled export has to end
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
FOLDER = "export folder"  # key of the settings


@dataclass
class _Choices:
    """`rest` of the range, face and name go with the session; these are kept while the window lives."""

    format: Format = Format.CSV
    fps: float | None = None


class ExportPanel(QWidget):
    """`show_folder` is called with what was made. `tick` is to be called some times a second while it is visible."""

    def __init__(self, store: QSettings, show_folder: Callable[[Path], None]) -> None:
        super().__init__()
        self._store, self._show_folder = store, show_folder
        self._theme = DARK
        self._choices = _Choices()
        self._session: Session | None = None
        self._title = ""
        self._range: Range | None = None
        self._looped = False
        self._face: int | None = None
        self._out: Path | None = None
        self._confirmed: Path | None = None  # by the dialog: may be replaced
        self._made: Path | None = None
        self.job: ExportJob | None = None
        self.format = Chooser(texts.EXPORT_WHAT_TIP, self._pick_format)
        self.part = Chooser(texts.EXPORT_PART_TIP, self._pick_part)
        self.rate = Chooser(texts.EXPORT_RATE_TIP, self._pick_rate)
        self.face = Chooser(texts.EXPORT_FACE_TIP, self._pick_face)
        self.neutral, self.gains = QCheckBox(texts.EXPORT_NEUTRAL), QCheckBox(texts.EXPORT_GAINS)
        self.out, self.sentence = QLabel(), QLabel()
        self.choose, self.start = QPushButton(texts.EXPORT_CHOOSE), QPushButton(texts.EXPORT)
        self.cancel, self.reveal = QPushButton(texts.EXPORT_CANCEL), QPushButton(texts.REVEAL)
        self.progress = QProgressBar()
        self._close = QToolButton()
        self._arrange()
        self._connect()
        self._show()

    # --- what the window calls ----------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._close.setIcon(icons.icon("close", theme.muted))
        for chooser in (self.format, self.part, self.rate, self.face):
            chooser.set_theme(theme)

    def set_session(self, session: Session | None, title: str = "") -> None:
        """None while it is read. What is being exported goes on."""
        self._session, self._title = session, title
        self._range, self._looped, self._face, self._confirmed = None, False, None, None
        self._show()

    @property
    def session(self) -> Session | None:
        return self._session

    def set_range(self, wanted: Range | None) -> None:
        """The player's. A loop that is set is what people want to have."""
        if wanted != self._range:
            self._looped = wanted is not None and (self._looped or self._range is None)
            self._range = wanted
            self._show()

    def fail(self, sentence: str) -> None:
        self._say(sentence)

    def tick(self) -> None:
        job = self.job
        if job is None:
            return
        percent = 100 * job.done // max(job.total, 1)
        self.progress.setValue(percent)
        if job.ended:
            self.job = None
            self._told(job)
        elif not job.stopping:
            self.progress.setToolTip(texts.EXPORT_PROGRESS_TIP)
            self._say(texts.EXPORTING.format(name=job.options.out.name, percent=percent))

    def stop(self) -> None:
        """Ends what is being exported, within two seconds."""
        if self.job is not None:
            self.job.stop()
            self.job.join(_PATIENCE)
            self.tick()

    def set_out(self, path: Path) -> None:
        """As chosen in the dialog, which asks before something is replaced."""
        ending = Path(ENDINGS[self._choices.format]).suffix
        self._out = path if not ending or path.suffix == ending else path.with_name(path.name + ending)
        self._confirmed = self._out if self._out == path else None
        self._store.setValue(FOLDER, str(path.parent))
        self._show_out()

    @property
    def out_path(self) -> Path | None:
        return self._out

    # --- choices ------------------------------------------------------------------------------

    def _pick_format(self, value: object) -> None:
        self._choices.format = Format(str(value))
        self._confirmed = None
        if self._choices.format not in _ALL_FACES:
            self._face = None
        self._show()

    def _pick_part(self, value: object) -> None:
        self._looped = bool(value)
        self._show()

    def _pick_rate(self, value: object) -> None:
        self._choices.fps = None if value is None else float(str(value))

    def _pick_face(self, value: object) -> None:
        self._face = None if value is None else int(str(value))

    def _ask_out(self) -> None:
        dialog = QFileDialog(self.window(), texts.EXPORT_TO, str(self._out or Path.home()))
        dialog.setObjectName("export")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.set_out(Path(name)))
        dialog.open()

    def options(self) -> ExportOptions:
        assert self._out is not None
        start, end = self._range if self._looped and self._range is not None else (None, None)
        return ExportOptions(
            self._choices.format,
            self._out,
            start=start,
            end=end,
            fps=self._choices.fps,
            face=self._face,
            neutral=self.neutral.isChecked(),
            gains=self.gains.isChecked(),
        )

    # --- the export ---------------------------------------------------------------------------

    def export(self) -> None:
        if self._session is None or self._out is None or self.job is not None:
            return
        if self._out.exists() and self._out != self._confirmed:
            self._say(texts.EXPORT_TAKEN.format(name=self._out.name))
            return
        self.job = ExportJob(self._session, self.options())
        self.progress.setValue(0)
        self._say(texts.EXPORTING.format(name=self._out.name, percent=0))
        self.job.start()
        self._show_state()

    def _cancel(self) -> None:
        if self.job is not None:
            self.job.stop()
            self._say(texts.EXPORT_CANCELLING)
            self._show_state()

    def _told(self, job: ExportJob) -> None:
        if job.exported is not None:
            self._made = job.exported.path
            self._say(" ".join((texts.EXPORT_DONE.format(name=job.exported.path.name), *job.exported.remarks)))
            self.reveal.show()
        else:
            self._say(job.problem or texts.EXPORT_CANCELLED)
        self._confirmed = None
        self._show(keep_sentence=True)

    # --- showing ------------------------------------------------------------------------------

    def _show(self, keep_sentence: bool = False) -> None:
        choices, session = self._choices, self._session
        no_video = None if session is None or session.video is not None else texts.EXPORT_NO_VIDEO
        if no_video and choices.format is Format.OVERLAY:
            choices.format = Format.CSV
        formats = [
            Option(str(f), texts.FORMATS[f], no_video if f is Format.OVERLAY else None)
            for f in map(Format, texts.FORMATS)
        ]
        self.format.set_options(formats, str(choices.format))
        self.format.setToolTip(texts.FORMAT_TIPS[choices.format])
        length = texts.tenths(session.info.duration if session is not None else 0.0)
        loop = Option(True, texts.EXPORT_LOOP_NONE, texts.EXPORT_LOOP_HOW)
        if self._range is not None:
            start, end = map(texts.tenths, self._range)
            loop = Option(True, texts.EXPORT_LOOP.format(start=start, end=end))
        self.part.set_options([Option(False, texts.EXPORT_WHOLE.format(length=length)), loop], self._looped)
        rates = [Option(r, texts.EXPORT_FPS.format(fps=f"{r:g}") if r else texts.EXPORT_RECORDED) for r in _RATES]
        self.rate.set_options(rates, choices.fps)
        faces = [] if session is None else sorted(faces_of(session.rows))
        general = texts.EXPORT_FACES if choices.format in _ALL_FACES else texts.EXPORT_MAIN_FACE
        self.face.set_options(
            [Option(None, general), *(Option(f, texts.EXPORT_ONE_FACE.format(n=f)) for f in faces)], self._face
        )
        overlay = choices.format is Format.OVERLAY
        self.neutral.setEnabled(not overlay)
        self.gains.setEnabled(not overlay)
        for widget in (self.face, self._labels[texts.EXPORT_FACE]):
            widget.setVisible(len(faces) > 1)
        if session is not None and (self._confirmed is None or self._out != self._confirmed):
            self._out = self._free_name()
        self._show_out()
        if not keep_sentence and self.job is None:
            self._say("" if session is not None else texts.EXPORT_LOADING)
        self._show_state()

    def _free_name(self) -> Path:
        """Named by the title, and not there yet."""
        assert self._session is not None
        folder = Path(str(self._store.value(FOLDER, ""))) if self._store.value(FOLDER) else Path.home()
        folder = folder if folder.is_dir() else Path.home()
        stem = self._title.translate(_FORBIDDEN).strip(" .") or self._session.folder.name
        names = (f"{stem}{f' {i}' if i > 1 else ''}{ENDINGS[self._choices.format]}" for i in range(1, 1000))
        return next(path for path in (folder / name for name in names) if not path.exists())

    def _show_out(self) -> None:
        path = self._out
        self.out.setText("" if path is None else self.out.fontMetrics().elidedText(
            str(path), Qt.TextElideMode.ElideMiddle, 330
        ))  # fmt: skip
        self.out.setToolTip(texts.EXPORT_TO_TIP if path is None else f"{texts.EXPORT_TO_TIP}:\n{path}")

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setToolTip(sentence)
        if self.job is not None or sentence == "":
            self.reveal.hide()

    def _show_state(self) -> None:
        busy = self.job is not None
        ready = self._session is not None and not busy
        for widget in (self.format, self.part, self.rate, self.face, self.choose, self.start):
            widget.setEnabled(ready)
        overlay = self._choices.format is Format.OVERLAY
        for box in (self.neutral, self.gains):
            box.setEnabled(ready and not overlay)
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        self.cancel.setEnabled(busy and self.job is not None and not self.job.stopping)
        self.start.setVisible(not busy)

    # --- layout -------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        heading = QLabel(texts.EXPORT.upper())
        heading.setObjectName("DockTitle")
        self._close.setObjectName("Flat")
        self.start.setObjectName("Primary")
        self.neutral.setChecked(True)
        self.gains.setChecked(True)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.setRange(0, 100)
        self.sentence.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self._close)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        grid.setColumnMinimumWidth(2, 12)
        for column in (1, 4):
            grid.setColumnStretch(column, 1)
        target, boxes = QWidget(), QWidget()
        row = QHBoxLayout(target)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.out, 1)
        row.addWidget(self.choose)
        row = QHBoxLayout(boxes)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.neutral)
        row.addWidget(self.gains)
        row.addStretch(1)
        self._labels: dict[str, QLabel] = {}
        places: list[tuple[str, QWidget, int, int]] = [
            (texts.EXPORT_WHAT, self.format, 0, 0),
            (texts.EXPORT_PART, self.part, 1, 0),
            (texts.EXPORT_RATE, self.rate, 0, 3),
            (texts.EXPORT_FACE, self.face, 2, 0),
            (texts.EXPORT_TO, target, 1, 3),
        ]
        for title, widget, line, column in places:
            label = self._labels[title] = QLabel(title)
            label.setObjectName("Muted")
            label.setToolTip(widget.toolTip())
            grid.addWidget(label, line, column)
            grid.addWidget(widget, line, column + 1)
        self._labels[texts.EXPORT_TO].setToolTip(texts.EXPORT_TO_TIP)
        grid.addWidget(boxes, 2, 3, 1, 2)
        bottom, said = QHBoxLayout(), QVBoxLayout()
        said.addWidget(self.sentence)
        said.addWidget(self.progress)
        bottom.addLayout(said, 1)
        for button in (self.reveal, self.cancel, self.start):
            bottom.addWidget(button)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(14, 8, 14, 12)
        column_.setSpacing(8)
        column_.addLayout(top)
        column_.addLayout(grid)
        column_.addLayout(bottom)
        self.reveal.hide()

    def _connect(self) -> None:
        tips: list[tuple[QWidget, str]] = [
            (self.neutral, texts.EXPORT_NEUTRAL_TIP),
            (self.gains, texts.EXPORT_GAINS_TIP),
            (self.choose, texts.EXPORT_CHOOSE_TIP),
            (self.start, texts.EXPORT_TIP),
            (self.cancel, texts.EXPORT_CANCEL_TIP),
            (self.reveal, texts.REVEAL_TIP),
            (self.progress, texts.EXPORT_PROGRESS_TIP),
            (self._close, texts.EXPORT_CLOSE_TIP),
        ]
        for widget, tip in tips:
            widget.setToolTip(tip)
        self.choose.clicked.connect(self._ask_out)
        self.start.clicked.connect(self.export)
        self.cancel.clicked.connect(self._cancel)
        self.reveal.clicked.connect(lambda: self._show_folder(self._made.parent) if self._made else None)
        self._close.clicked.connect(self.hide)
