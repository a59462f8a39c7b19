"""Lists the sessions of a folder, with titles and thumbnails, and renames them and edits their notes.

Thumbnails are made from a session's own files and kept only in memory: no face is copied to another place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.files import changed
from expnet_live.core.types import Image
from expnet_live.sessions.catalog.thumbnail import make_thumbnail
from expnet_live.sessions.format.folder import STAMP, TABLE, in_use, sessions_root
from expnet_live.sessions.format.info import read_info, write_info
from expnet_live.sessions.format.markers import Marker, settle, write_markers
from expnet_live.sessions.reading.session import SessionEntry, entry_of, list_sessions

_STAMP_LENGTH = len("2026-01-31 12-00-00")


class Status(StrEnum):
    COMPLETE = "complete"
    RECOVERED = "recovered"  # recovered after a kill
    RECORDING = "recording"  # at this moment
    CUT_OFF = "cut off"  # needs recovery; can be read
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Entry:
    """A session in the list. `title` is the user's, may be empty, and the folder's name for an unreadable one.

    `started` is wall-clock time with its zone; `duration` in s, 0 while it is recorded; `model` the file of weights;
    `problem` is the sentence that says why it cannot be opened. `thumbnail` BGR, None until it is ready.
    """

    folder: Path
    title: str
    started: datetime
    duration: float = 0.0
    source: str = ""
    model: str = ""
    notes: str = ""
    video: bool = False
    status: Status = Status.COMPLETE
    problem: str = ""
    thumbnail: Image | None = field(default=None, compare=False, repr=False)

    @property
    def readable(self) -> bool:
        return self.status is not Status.UNREADABLE

    @property
    def usable(self) -> bool:
        """Whether it can be played, changed and exported."""
        return self.readable and not self.locked

    @property
    def locked(self) -> bool:
        """Whether it must be left alone for now."""
        return self.status is Status.RECORDING


class Library:
    """The sessions in `root`, with the thumbnails made so far. For one thread."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or sessions_root()
        self._thumbnails: dict[Path, tuple[object, Image | None]] = {}

    def entries(self, others: Sequence[Path] = ()) -> list[Entry]:
        """The entries, newest first; `others` are session folders in other places. Without a root there are none.

        Raises UserError if the root cannot be read.
        """
        found = list_sessions(self.root)
        there = {entry.folder for entry in found}
        found += [entry_of(folder) for folder in others if folder not in there and folder.is_dir()]
        kept = {entry.folder for entry in found}
        self._thumbnails = {k: v for k, v in self._thumbnails.items() if k in kept}
        entries = [self._with_thumbnail(_entry(e)) for e in found]
        return sorted(entries, key=lambda e: (e.started.timestamp(), e.folder.name), reverse=True)

    def wants_thumbnail(self, entry: Entry) -> bool:
        """Whether a thumbnail is still to be made; a recording gets one after its end."""
        if entry.status in (Status.UNREADABLE, Status.RECORDING):
            return False
        return self._thumbnails.get(entry.folder, ((),))[0] != _version(entry.folder)

    def thumbnail(self, entry: Entry) -> Entry:
        """The entry with its thumbnail, which takes some hundredths of a second; unchanged if none can be made."""
        self._thumbnails[entry.folder] = _version(entry.folder), make_thumbnail(entry.folder)
        return self._with_thumbnail(entry)

    def _with_thumbnail(self, entry: Entry) -> Entry:
        return replace(entry, thumbnail=self._thumbnails.get(entry.folder, (None, None))[1])


def rename(folder: Path, title: str) -> None:
    """Change the title in session.json; the folder keeps its name. Raises UserError."""
    _untouched(folder)
    write_info(folder, replace(read_info(folder), title=" ".join(title.split())))


def set_notes(folder: Path, notes: str) -> None:
    """Change the notes. Raises UserError."""
    _untouched(folder)
    write_info(folder, replace(read_info(folder), notes=notes.strip()))


def set_markers(folder: Path, markers: Sequence[Marker]) -> None:
    """Change the markers, in their file alone, see `settle_markers`. Raises UserError."""
    _untouched(folder)
    write_markers(folder, markers)


def settle_markers(folder: Path) -> None:
    """Write changed markers into the table as well; the time grows with its length. Raises UserError."""
    if not in_use(folder):
        settle(folder)


def _untouched(folder: Path) -> None:
    """Refuse a session that is being recorded, because its recorder would overwrite the change."""
    if in_use(folder):
        raise UserError(f"{folder} is being recorded; wait until the recording has ended.")


def _entry(listed: SessionEntry) -> Entry:
    folder, info = listed.folder, listed.info
    if info is None:
        return Entry(
            folder, folder.name, _named(folder) or changed(folder), status=Status.UNREADABLE, problem=listed.problem
        )
    status = Status.RECOVERED if info.recovered else Status.COMPLETE
    if not info.complete:
        status = Status.RECORDING if listed.active else Status.CUT_OFF
    problem = ""
    if not (folder / TABLE).is_file():
        status, problem = Status.UNREADABLE, f"{folder / TABLE} is missing; restore it from a copy of the session."
    return Entry(
        folder=folder,
        title=info.title,
        started=info.moment or changed(folder),
        duration=info.duration,
        source=info.source,
        model=info.model.name,
        notes=info.notes,
        video=info.video_frames is not None,
        status=status,
        problem=problem,
    )


def _named(folder: Path) -> datetime | None:
    """The time by which new sessions are named."""
    try:
        return datetime.strptime(folder.name[:_STAMP_LENGTH], STAMP).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _version(folder: Path) -> object:
    """A key that changes with the table only, because thumbnails do not depend on titles and notes."""
    try:
        stat = (folder / TABLE).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
