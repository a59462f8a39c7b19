"""The folder of sessions, the names of their files, and the lock for writing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from expnet_live.core.naming import numbered
from expnet_live.core.paths import local_data_folder

INFO, TABLE, MARKERS, VIDEO, LOCK = "session.json", "coefficients.csv", "markers.csv", "video.mkv", ".recording"
RUN = "run.json"  # how `analyze` made the table beside it
STAMP = "%Y-%m-%d %H-%M-%S"  # names new sessions by their time


def sessions_root() -> Path:
    """The folder of all sessions: EXPNET_LIVE_SESSIONS, or `sessions` in the user's data folder of this program.

    It is not in the user's documents, because many systems copy those to a cloud, and faces must not leave the machine.
    """
    if override := os.environ.get("EXPNET_LIVE_SESSIONS"):
        return Path(override)
    return local_data_folder() / "sessions"


def is_session(folder: Path) -> bool:
    """Whether it contains any file of a session, even if session.json is lost; results of `analyze` are none."""
    if (folder / INFO).is_file():
        return True
    return any((folder / name).is_file() for name in (TABLE, VIDEO)) and not (folder / RUN).is_file()


def discard(folder: Path) -> None:
    """Remove the files of a session in which nothing was recorded, and its folder, unless there is more in it."""
    with suppress(OSError):
        for name in (INFO, TABLE, MARKERS, VIDEO):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def new_folder(root: Path, taken: Callable[[Path], bool] = Path.exists) -> Path:
    """A name for a new session in `root`, from the time, that is not `taken` yet."""
    return next(path for path in map(root.joinpath, numbered(time.strftime(STAMP))) if not taken(path))


def in_use(folder: Path) -> bool:
    """Whether a program is recording into `folder`."""
    try:
        with FolderLock(folder):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False  # a folder that cannot be written cannot be in use


class FolderLock:
    """The lock of a folder's writer; the system releases it when the program is killed.

    Raises BlockingIOError if another program holds it, OSError if the folder cannot be written.
    """

    def __init__(self, folder: Path, name: str = LOCK) -> None:
        self._path = folder / name
        while True:
            self._file = self._path.open("ab")
            try:
                _lock(self._file.fileno())
                if _is_there(self._file, self._path):
                    return
            except OSError as error:
                self._file.close()
                raise BlockingIOError(f"{folder} is in use") from error
            self._file.close()  # its holder has removed it since it was opened: that of the next one has another file

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Release it without raising, even if the folder is gone."""
        with suppress(OSError):
            if sys.platform == "win32":  # an open file cannot be removed
                self._file.close()
            # Elsewhere while it is held: afterwards it could be another program's.
            self._path.unlink(missing_ok=True)
        self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _is_there(file: BinaryIO, path: Path) -> bool:
        return True  # nobody can remove it as long as it is open

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _is_there(file: BinaryIO, path: Path) -> bool:
        """Whether the file is the one of that name."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), path.stat())
        except FileNotFoundError:
            return False
