"""Reads recorded sessions.

session = Session.open(folder)
session.info.coefficients, session.rows.time, session.rows.expression, session.video
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.progress import Progress, unwatched
from expnet_live.sessions.format.folder import MARKERS, TABLE, VIDEO, in_use, is_session
from expnet_live.sessions.format.info import SessionInfo, read_info
from expnet_live.sessions.format.markers import Marker, read_markers
from expnet_live.sessions.format.table import Rows, read_rows


@dataclass(frozen=True, eq=False)
class Session:
    """A session's folder and its content. `video` is None if there is none, or if it is empty.

    `rows` holds the table as arrays: `rows.time` (R,) in s, `rows.expression` (R, n) in sd, see Rows. Its faces are
    people, as far as their appearance tells them apart: who is lost and comes back has the first number again.

    >>> session = Session.open(getfixture("demo_session").folder)
    >>> session.rows.expression.shape == (len(session.rows), len(session.info.coefficients))
    True
    """

    folder: Path
    info: SessionInfo
    rows: Rows
    markers: tuple[Marker, ...]
    video: Path | None

    @classmethod
    def open(cls, folder: Path | str, progress: Progress = unwatched) -> Session:
        """Read a session, even one that is still recording or was cut off. Raises UserError with one sentence.

        `progress` is as in `read_rows`.
        """
        folder = Path(folder)
        info = read_info(folder)
        rows = _rows_of(folder, info, progress)
        if info.complete and info.video_frames is not None and rows.video_frame.max(initial=-1) >= info.video_frames:
            rows = rows.with_pictures(info.video_frames)
        rows = _of_people(rows, info.persons)
        video: Path | None = folder / VIDEO
        if info.video_frames is None or (info.complete and not info.video_frames) or not (folder / VIDEO).is_file():
            video = None
        return cls(folder, info, rows, read_markers(folder / MARKERS), video)


def _of_people(rows: Rows, first: Mapping[int, int]) -> Rows:
    """The rows with one number for each person; `first`: by number, the first one of the same person."""
    if all(face == other for face, other in first.items()):
        return rows
    numbers, places = np.unique(rows.face, return_inverse=True)
    return replace(rows, face=np.array([first.get(n, n) for n in numbers.tolist()], rows.face.dtype)[places])


# Player, export and others may share a session: its table is read once and cached while anyone uses it.
_held: WeakValueDictionary[tuple[object, ...], Rows] = WeakValueDictionary()
_reading = Lock()


def _rows_of(folder: Path, info: SessionInfo, progress: Progress) -> Rows:
    path = folder / TABLE
    with _reading:
        try:
            stat = path.stat()
        except OSError:
            return read_rows(path, info.coefficients, info.n_identity, progress)  # this says what is wrong
        version = (path.absolute(), stat.st_ino, stat.st_mtime_ns, stat.st_size, info.coefficients, info.n_identity)
        rows = _held.get(version)
        if rows is None:
            rows = _held[version] = read_rows(path, info.coefficients, info.n_identity, progress)
        else:
            progress(1, 1)
        return rows


@dataclass(frozen=True, eq=False)
class SessionEntry:
    """A session in a list: `info`, or the `problem` that prevents reading it; `active` while it is recorded."""

    folder: Path
    info: SessionInfo | None
    problem: str = ""
    active: bool = False

    @property
    def killed(self) -> bool:
        """Whether its recording was cut off and needs recovery."""
        return self.info is not None and not self.info.complete and not self.active


def list_sessions(root: Path | str) -> list[SessionEntry]:
    """The sessions in `root`, newest first by folder name; none if there is no such folder.

    Hidden folders are left out, such as those of a video that is being imported.

    >>> [entry.folder.name for entry in list_sessions(getfixture("demo_session").folder.parent)]
    ['demo']
    """
    try:
        folders = [p for p in Path(root).iterdir() if not p.name.startswith(".") and is_session(p)]
    except FileNotFoundError:
        return []
    except OSError as e:
        raise UserError(f"{root} cannot be read ({e.strerror}); check its permissions.") from e
    return [entry_of(folder) for folder in sorted(folders, key=lambda p: p.name.casefold(), reverse=True)]


def entry_of(folder: Path) -> SessionEntry:
    """The list entry of a single folder."""
    try:
        info = read_info(folder)
        active = not info.complete and in_use(folder)
        if not (info.complete or active):
            info = read_info(folder)  # its recorder may have completed it meanwhile
    except UserError as error:
        return SessionEntry(folder, None, str(error))
    return SessionEntry(folder, info, active=active)
