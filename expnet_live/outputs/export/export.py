"""Exports a session, or a part of it, as a file of another format, for the command line and the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.progress import Progress, unwatched
from expnet_live.outputs.export.cutting import excerpt_of
from expnet_live.outputs.export.entities import USUAL_ENTITIES
from expnet_live.outputs.export.format import FORMATS, Written, taking
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.format.folder import INFO, MARKERS, TABLE, VIDEO
from expnet_live.sessions.reading.reanalysis import FOLDER
from expnet_live.sessions.reading.session import Session


@dataclass(frozen=True)
class Exported:
    """The written file, and remarks about it as sentences."""

    path: Path
    moments: int
    remarks: tuple[str, ...] = ()


def default_out(session: Session, format: str) -> Path:
    """A name in the current folder, made from the session's and its analysis's."""
    folder = session.folder.resolve()
    name = f"{folder.parents[1].name}_{folder.name}" if folder.parent.name == FOLDER else folder.name
    return Path(name + FORMATS.named(format).ending)


def export(session: Session, options: ExportOptions, progress: Progress = unwatched) -> Exported:
    """Write `options.out`, which appears when it is complete.

    `progress` gets the steps done and the total (which may grow), and may raise, which cancels and leaves
    nothing behind. Raises UserError with one sentence.

    >>> folder = getfixture("tmp_path")
    >>> export(getfixture("demo_session"), ExportOptions("csv", folder / "smile.csv")).moments
    48
    """
    format = FORMATS.named(options.format)
    if options.head is not None and "head" not in format.takes:
        raise UserError(
            f"Only {', '.join(taking('head'))} can use another head; choose one of these, or leave out --head."
        )
    if options.entities != USUAL_ENTITIES and "entities" not in format.takes:
        raise UserError(
            f"Only {', '.join(taking('entities'))} has names of subjects, sessions and tasks; leave out --entities."
        )
    if options.out.resolve() in {(session.folder / name).resolve() for name in (INFO, TABLE, MARKERS, VIDEO)}:
        raise UserError(f"{options.out} is part of the session itself; choose another file.")
    stops: list[BaseException] = []

    def watched(done: int, total: int) -> None:
        try:
            progress(done, total)
        except BaseException as stop:
            stops.append(stop)
            raise

    excerpt = excerpt_of(session, options, format, watched)
    with whole(options.out) as partial:
        try:
            written = format.write(excerpt, partial)
            if not (isinstance(written, Written) and partial.exists()):
                raise TypeError("it must write its file, and return a Written")
        except (Exception, SystemExit) as error:
            if format.name not in FORMATS.foreign or error in stops or _told(error, partial):
                raise
            raise UserError(FORMATS.broken(format, error)) from error
    return Exported(options.out, written.moments, (*excerpt.remarks, *written.remarks))


def _told(error: BaseException, partial: Path) -> bool:
    """Whether the user hears what is wrong anyway: it is in the session or the options, or the disk is at fault."""
    if isinstance(error, OSError) and not isinstance(error, UserError):
        return error.filename is None or str(error.filename).startswith(str(partial))
    return isinstance(error, UserError)
