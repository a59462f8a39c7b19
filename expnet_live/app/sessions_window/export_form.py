"""The options of an export: format, part, rate, face, profile, and destination."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from expnet_live.app import texts
from expnet_live.app.sessions_window.bids_names import BidsNames
from expnet_live.app.sessions_window.export_job import Chosen
from expnet_live.app.state import catalog
from expnet_live.app.state.catalog import Option
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.controls import Chooser
from expnet_live.app.widgets.pieces import PathLabel, as_shown, ask_folder, title_of
from expnet_live.core.naming import file_stem, numbered
from expnet_live.heads.look import Look
from expnet_live.outputs.export.entities import USUAL_ENTITIES
from expnet_live.outputs.export.format import FORMATS, Format
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.outputs.export.track import faces_of
from expnet_live.sessions.reading.session import Session

Range = tuple[float, float]
Ask = Callable[[Callable[[], Path], Callable[[Path], None]], None]
_USUAL = "csv"  # format
_ALL = "all"  # all chosen sessions, in place of whether the loop is exported
_RATES = (None, 24.0, 25.0, 30.0, 50.0, 60.0)
_UNNAMED = "session"  # a file of a title without letters
_FOLDER = "export folder"  # key of the settings


class ExportForm(QWidget):
    """Part, face and name are reset for each session, the other choices stay. `out` is the path to write.

    `ask` does work that reads the disk on a thread and calls back with the result. While it looks for a free name,
    `out` is None; then `named` is emitted.
    """

    named = Signal()

    def __init__(self, store: QSettings, ask: Ask, look: Callable[[], Look]) -> None:
        """`look` is that of our own head."""
        super().__init__()
        self._store, self._ask, self._look = store, ask, look
        self.session: Session | None = None
        self.heads: tuple[str, ...] = ()  # names of the imported heads to choose from
        self.out: Path | None = None
        self._title = ""
        self._format = _USUAL
        self._fps: float | None = None
        self._range: Range | None = None
        self._looped = False
        self._listed: tuple[Chosen, ...] = ()  # in the list, if several are
        self._all = False  # whether to export all of these
        self._face: int | None = None
        self._shown: int | None = None
        self._head = ""  # ours
        self._confirmed: Path | None = None  # chosen in the dialog: may be replaced
        self._searches = 0  # for a free name; only the last one counts
        self.format = Chooser(texts.EXPORT_WHAT_TIP, lambda v: self.set_format(str(v)))
        self.part = Chooser(texts.EXPORT_PART_TIP, self._pick_part)
        self.rate = Chooser(texts.EXPORT_RATE_TIP, self._pick_rate)
        self.face = Chooser(texts.EXPORT_FACE_TIP, self._pick_face)
        self.head = Chooser(texts.EXPORT_HEAD_TIP, self._pick_head)
        self.neutral, self.gains = QCheckBox(texts.EXPORT_NEUTRAL), QCheckBox(texts.EXPORT_GAINS)
        self.bids = BidsNames()
        self.choose, self._path = QPushButton(texts.EXPORT_CHOOSE), PathLabel()
        self._labels: dict[QWidget, QLabel] = {}
        self._arrange()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        for chooser in (self.format, self.part, self.rate, self.face, self.head):
            chooser.set_theme(theme)

    def set_session(self, session: Session | None, title: str) -> None:
        self.session, self._title = session, title
        self._range, self._looped, self._face, self._confirmed = None, False, None, None
        self.refresh()

    def set_range(self, wanted: Range | None) -> None:
        """Set the player's loop, and choose it, because users who set a loop want to export it."""
        if wanted != self._range:
            self._looped = wanted is not None and (self._looped or self._range is None)
            self._range = wanted
            self._show_parts()

    def set_several(self, sessions: Sequence[Chosen]) -> None:
        """Set the sessions that are chosen in the list, and choose to export them; none or one: the player's."""
        listed = tuple(sessions) if len(sessions) > 1 else ()
        if listed != self._listed:
            self._all = bool(listed) and (self._all or not self._listed)
            self._listed = listed
            self.refresh()

    @property
    def several(self) -> tuple[Chosen, ...]:
        """The sessions to export, if not the player's alone."""
        return self._listed if self._all else ()

    def name_finder(self) -> Callable[[str], Path]:
        """Gives a new path for a title; it reads the disk."""
        folder, ending = self._folder, self.chosen.ending
        return lambda title: _free_name(folder, file_stem(title, _UNNAMED), ending)

    def set_shown(self, face: int | None) -> None:
        """Set the face that the player shows, which formats of one face get unless another one is chosen."""
        self._shown = face

    @property
    def chosen(self) -> Format:
        return FORMATS[self._format]

    def set_format(self, format: str) -> None:
        self._format, self._confirmed = format, None
        if self.chosen.one_face:
            self._face = None
        self.refresh()

    def set_out(self, path: Path) -> None:
        """Set the path chosen in the dialog, which asks before it replaces a file."""
        ending = Path(self.chosen.ending).suffix
        self.out = path if not ending or path.suffix == ending else path.with_name(path.name + ending)
        self._confirmed = self.out if self.out == path else None
        self._searches += 1
        self._store.setValue(_FOLDER, str(path.parent))
        self._show_path()

    @property
    def replaces(self) -> bool:
        """Whether the user has agreed to replace an existing file."""
        return self.out == self._confirmed

    def options(self) -> ExportOptions:
        assert self.out is not None
        start, end = self._range if self._looped and self._range is not None else (None, None)
        face = self._shown if self._face is None and self.chosen.one_face else self._face
        return ExportOptions(
            self._format,
            self.out,
            start=start,
            end=end,
            fps=self._fps,
            face=None if self._all else face,
            neutral=self.neutral.isChecked(),
            gains=self.gains.isChecked(),
            head=(self._head or None) if "head" in self.chosen.takes else None,
            look=self._look(),
            entities=self.bids.entities if "entities" in self.chosen.takes else USUAL_ENTITIES,
        )

    def made(self) -> None:
        """The export is finished: give the next one another name."""
        self._confirmed = None
        self.refresh()

    # --- choices ------------------------------------------------------------------------------

    def _pick_part(self, value: object) -> None:
        self._all, self._looped = value == _ALL, value is True
        self.refresh()

    def _pick_rate(self, value: object) -> None:
        self._fps = None if value is None else float(str(value))

    def _pick_face(self, value: object) -> None:
        self._face = None if value is None else int(str(value))

    def _pick_head(self, value: object) -> None:
        self._head = str(value)

    def _ask_out(self) -> None:
        if self._all:
            ask_folder(self.window(), texts.EXPORT_TO, self._folder, self.set_folder)
            return
        dialog = QFileDialog(self.window(), texts.EXPORT_TO, str(self.out or Path.home()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.set_out(Path(name)))
        dialog.open()

    def set_folder(self, folder: Path) -> None:
        """Set the folder of several sessions."""
        self._store.setValue(_FOLDER, str(folder))
        self._confirmed = None
        self.refresh()

    # --- showing ------------------------------------------------------------------------------

    def refresh(self) -> None:
        session = self.session
        why_not: dict[str, str | None] = dict.fromkeys(FORMATS)
        if session is not None:
            for f in FORMATS.values():
                why_not[f.name] = FORMATS.ask(f, lambda f: f.why_not(session), texts.PLUGIN_BROKEN)
        if why_not[self._format]:
            self._format = _USUAL
        self.format.set_options([Option(f.name, f.title, why_not[f.name]) for f in FORMATS.values()], self._format)
        self.format.setToolTip(texts.sentence(self.chosen.about))
        rates = [Option(r, texts.EXPORT_FPS.format(fps=f"{r:g}") if r else texts.EXPORT_RECORDED) for r in _RATES]
        self.rate.set_options(rates, self._fps)
        faces = [] if session is None else sorted(faces_of(session.rows))
        general = texts.EXPORT_MAIN_FACE if self.chosen.one_face else texts.EXPORT_FACES
        people = {} if session is None else session.info.named
        named = {f: texts.EXPORT_NAMED_FACE if f in people else texts.EXPORT_ONE_FACE for f in faces}
        listed = [Option(f, text.format(n=f, name=people.get(f))) for f, text in named.items()]
        self.face.set_options([Option(None, general), *listed], self._face)
        for widget in (self.face, self._labels[self.face]):
            widget.setVisible(len(faces) > 1 and not self._all)
        names = self.heads
        self._head = self._head if self._head in names else ""
        self.head.set_options(catalog.heads(names, self._head), self._head)
        for widget in (self.head, self._labels[self.head]):
            widget.setVisible(bool(names) and "head" in self.chosen.takes)
        self.bids.setVisible("entities" in self.chosen.takes)
        self._labels[self.bids].setVisible("entities" in self.chosen.takes)
        for box, option in ((self.neutral, "neutral"), (self.gains, "gains")):
            box.setEnabled(option in self.chosen.takes)
        self._show_parts()
        if session is not None and (self._confirmed is None or self.out != self._confirmed):
            self._find_name(session)
        self._show_path()

    def _show_parts(self) -> None:
        length = texts.tenths(self.session.info.duration if self.session is not None else 0.0)
        loop = Option(True, texts.EXPORT_LOOP_NONE, texts.EXPORT_LOOP_HOW)
        if self._range is not None:
            start, end = map(texts.tenths, self._range)
            loop = Option(True, texts.EXPORT_LOOP.format(start=start, end=end))
        options = [Option(False, texts.EXPORT_WHOLE.format(length=length)), loop]
        if self._listed:
            options.append(Option(_ALL, texts.EXPORT_SEVERAL.format(n=len(self._listed))))
        self.part.set_options(options, _ALL if self._all else self._looped)

    def _find_name(self, session: Session) -> None:
        """Look for a new path named by the title, in the folder of the last export."""
        self.out = None
        self._searches += 1
        search, ending = self._searches, self.chosen.ending
        folder, stem = self._folder, file_stem(self._title, session.folder.name)

        def found(path: Path) -> None:
            if search == self._searches:
                self.out = path
                self._show_path()
                self.named.emit()

        self._ask(lambda: _free_name(folder, stem, ending), found)

    @property
    def _folder(self) -> Path:
        """That of the last export."""
        return Path(str(self._store.value(_FOLDER) or Path.home()))

    def _show_path(self) -> None:
        path = "" if self.out is None else str(self.out)
        if path and self._all:
            path = texts.EXPORT_SEVERAL_TO.format(folder=Path(path).parent)
        self._path.setText(path)
        self._path.setToolTip(as_shown(f"{texts.EXPORT_TO_TIP}:\n{path}" if path else texts.EXPORT_TO_TIP))

    def _arrange(self) -> None:
        for box, tip in ((self.neutral, texts.EXPORT_NEUTRAL_TIP), (self.gains, texts.EXPORT_GAINS_TIP)):
            box.setChecked(True)
            box.setToolTip(tip)
        self.choose.setToolTip(texts.EXPORT_CHOOSE_TIP)
        self.choose.clicked.connect(self._ask_out)
        target, boxes = QWidget(), QWidget()
        target.setToolTip(texts.EXPORT_TO_TIP)
        row = QHBoxLayout(target)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._path, 1)
        row.addWidget(self.choose)
        row = QHBoxLayout(boxes)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.neutral)
        row.addWidget(self.gains)
        row.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        grid.setColumnMinimumWidth(2, 12)
        for column in (1, 4):
            grid.setColumnStretch(column, 1)
        places: tuple[tuple[str, QWidget, int, int], ...] = (
            (texts.EXPORT_WHAT, self.format, 0, 0),
            (texts.EXPORT_PART, self.part, 1, 0),
            (texts.EXPORT_FACE, self.face, 2, 0),
            (texts.EXPORT_RATE, self.rate, 0, 3),
            (texts.EXPORT_TO, target, 1, 3),
            (texts.HEAD, self.head, 3, 0),
            (texts.EXPORT_BIDS, self.bids, 3, 3),
        )
        for title, widget, line, column in places:
            label = self._labels[widget] = title_of(title, widget)
            grid.addWidget(label, line, column)
            grid.addWidget(widget, line, column + 1)
        grid.addWidget(boxes, 2, 3, 1, 2)


def _free_name(folder: Path, stem: str, ending: str) -> Path:
    """A path that does not exist yet, in the home folder if `folder` does not exist."""
    folder = folder if folder.is_dir() else Path.home()
    return next(path for path in map(folder.joinpath, numbered(stem, ending)) if not path.exists())
