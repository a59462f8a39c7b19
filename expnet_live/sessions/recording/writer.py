"""Writes a session's files."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from time import monotonic

import numpy as np

from expnet_live.core.files import TOO_MANY_OPEN, write_whole
from expnet_live.core.paths import make_folder
from expnet_live.core.types import Array, FaceState
from expnet_live.person.person import Person
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.people import People
from expnet_live.sessions.format import markers, table
from expnet_live.sessions.format.folder import INFO, MARKERS, TABLE, VIDEO, FolderLock
from expnet_live.sessions.format.info import COMPLETE, SessionInfo
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.format.table import Layout
from expnet_live.sessions.recording.tally import Tally, tally_of

_LOOK_EVERY = 1.0  # s of the session between two looks at who the faces are
_ANOTHER_TONE = 4.0  # grey levels from which on a tone of skin is noted again
_SPARE = 4  # files: to replace the table or session.json takes fewer


class SessionWriter:
    """Creates the folder and all files in it except the video. Methods raise OSError; written data stay readable."""

    def __init__(self, folder: Path, info: SessionInfo) -> None:
        self.folder, self.info = folder, info
        self.begun = False
        make_folder(folder)
        if any((folder / name).exists() for name in (INFO, TABLE, VIDEO)):
            raise FileExistsError(errno.EEXIST, "there is already a session")
        # What is in a session's folder goes to the trash with it.
        if any(not path.name.startswith(".") for path in folder.iterdir()):
            raise OSError(errno.ENOTEMPTY, "it contains other files")
        self._lock = FolderLock(folder)
        self._table = _Appended(folder / TABLE)
        self._markers = _Appended(folder / MARKERS)
        self._layout = Layout(info.coefficients, info.n_identity, info.blendshapes, marked=True, quality=True)
        self._skins: dict[int, Array] = {}  # the latest tone of each face
        self._people = People()
        self._known: dict[int, int] = {}  # by face, the first one of the same person, as of the last look
        self._looked = -_LOOK_EVERY
        self._coming: list[Marker] = []  # markers whose frame is not written yet
        self._last: _Last | None = None
        self._table.write(self._layout.header())
        self._markers.write(markers.header_line())
        self._tally = Tally(video=info.video_frames is not None)
        write_whole(folder / INFO, info.to_json())
        self._video: FileIO | None = None  # to wait until it is on disk
        # They are closed before the end is written, in case that no more files can be opened then.
        self._spare: list[FileIO] = []
        with suppress(OSError):
            self._spare += [FileIO(os.devnull) for _ in range(_SPARE)]

    def begin(self, grabbed: float, width: int, height: int) -> None:
        """Set the time (time.monotonic) of the first frame, from which times count, and its size."""
        self.begun = True
        started = datetime.now().astimezone() - timedelta(seconds=monotonic() - grabbed)
        self._note(
            replace(
                self.info,
                started=started.isoformat(timespec="milliseconds"),
                monotonic_start=grabbed,
                width=width,
                height=height,
            )
        )

    def write(
        self,
        frame: int,
        picture: int | None,
        time: float,
        faces: Sequence[FaceState],
        looks: Mapping[int, Appearance] | None = None,
    ) -> None:
        """Write a frame's rows. Its time must be later than that of the previous frame. `looks`: see LiveState."""
        due = [m for m in self._coming if round(m.time, 6) <= round(time, 6)]
        self._coming = [m for m in self._coming if m not in due]
        self._last = _Last(frame, picture, time, faces, due)
        for row in self._rows_of(self._last):
            self._table.write(row)
        self._tally.add(frame, time, len(faces), picture is not None)
        self._people.see([face.face for face in faces], looks or {})
        self._skins = self._skins | {face.face: face.skin for face in faces if face.skin is not None}
        if time - self._looked >= _LOOK_EVERY:
            self._looked, self._known = time, self._people.first_of()

    def _rows_of(self, last: _Last, after: Sequence[Marker] = ()) -> list[bytes]:
        """The rows of a frame, with its markers and those `after` it."""
        (label,) = markers.labels_of([*last.due, *after], np.array([last.time]))
        return self._layout.rows(last.frame, last.picture, last.time, last.faces, label)

    def mark(self, marker: Marker) -> None:
        self._markers.write(markers.marker_line(marker))
        self._coming.append(marker)

    def note_person(self, person: Person) -> None:
        self._note(replace(self.info, person=person, people=dict.fromkeys(self.info.people, person.name)))

    def note_mirrored(self, face: int) -> None:
        """The face of that number is the person of the profile."""
        self._note(replace(self.info, people={face: self.info.person.name}))

    def note_sound(self, heard: str) -> None:
        self._note(replace(self.info, sound=heard))

    def note_faces(self) -> None:
        """Note who the faces are and the tones of their skin, if that has changed: a kill cannot take it then."""
        noted, skins, known = self.info.skins, self._skins, self._known  # the lane of rows replaces them
        toned = all(n in noted and np.abs(skin - noted[n]).max() < _ANOTHER_TONE for n, skin in skins.items())
        if not toned or known != self.info.persons:
            self._note(replace(self.info, skins=skins, persons=known))

    def sync(self) -> None:
        """Flush everything to disk. Raises FileNotFoundError if the folder is gone."""
        self._table.sync()
        self._markers.sync()
        if self._video is None and (self.folder / VIDEO).exists():
            try:
                self._video = FileIO(self.folder / VIDEO, "r+")
            except OSError as error:
                if error.errno not in TOO_MANY_OPEN:  # the recording needs it not to go on
                    raise
        if self._video is not None:
            os.fsync(self._video.fileno())

    def close(self, frames: int, drops: int, pictures: tuple[int, int] | None, problem: str) -> None:
        """Complete the session. `pictures`: the numbers named in rows and present in the video.

        Raises OSError if the disk no longer allows it; recovery can do it later.
        """
        try:
            for file in filter(None, (*self._spare, self._video)):
                file.close()
            with self._table.closing(), self._markers.closing():
                if self._coming and self._last is not None:  # the last frame came before them
                    self._table.end_with(self._rows_of(self._last), self._rows_of(self._last, self._coming))
            info = replace(self.info, skins=self._skins, persons=self._people.first_of())
            if pictures is not None and pictures[1] < pictures[0]:
                table.mend(self.folder / TABLE, pictures[1])
                self._tally = tally_of(
                    table.read_rows(self.folder / TABLE, info.coefficients, info.n_identity), video=True
                )
            self._tally.end(frames)
            video_frames = None if pictures is None else pictures[1]
            info = replace(info, status=COMPLETE, drops=drops, video_frames=video_frames, problem=problem)
            self._note(self._tally.noted(info))
        finally:
            self._lock.release()

    def _note(self, info: SessionInfo) -> None:
        self.info = info
        write_whole(self.folder / INFO, info.to_json())


@dataclass(frozen=True)
class _Last:
    """The last frame: what was written of it, and the markers on its rows."""

    frame: int
    picture: int | None
    time: float
    faces: Sequence[FaceState]
    due: Sequence[Marker]


class _Appended:
    """A file that grows by whole lines, each with a single write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = FileIO(path, "ab")
        self._size = 0

    def write(self, line: bytes) -> None:
        """Write all of it, or, if the disk is full, nothing."""
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:]) or 0
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(line)

    def end_with(self, old: Sequence[bytes], new: Sequence[bytes]) -> None:
        """Write `new` lines in place of the `old` ones at the end, which are no longer; if that fails, they stay."""
        start, before, after = self._size - sum(map(len, old)), b"".join(old), b"".join(new)
        with FileIO(self._path, "r+b") as file:
            try:
                self._put(file, start, after)
            except OSError:
                self._put(file, start, before)
                file.truncate(self._size)
                raise
        self._size = start + len(after)

    @staticmethod
    def _put(file: FileIO, start: int, data: bytes) -> None:
        file.seek(start)
        written = 0
        while written < len(data):
            written += file.write(data[written:]) or 0

    def sync(self) -> None:
        os.fsync(self._file.fileno())
        self._path.stat()  # a deleted file still accepts writes

    def closing(self) -> FileIO:
        """Close the file at the end of a block."""
        return self._file
