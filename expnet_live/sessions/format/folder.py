"""Where sessions lie, what their files are called, and who may write them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from expnet_live.core.paths import local_data_folder

INFO, TABLE, MARKERS, VIDEO, LOCK = "session.json", "coefficients.csv", "markers.csv", "video.mkv", ".recording"
STAMP = "%Y-%m-%d %H-%M-%S"  # names new sessions by their time


def sessions_root() -> Path:
    """The folder of all sessions: EXPNET_LIVE_SESSIONS, or `sessions` among the user's own data of this program.

    Not in the user's documents: many systems copy these to a cloud, and faces shall not leave the machine.
    """
    if override := os.environ.get("EXPNET_LIVE_SESSIONS"):
        return Path(override)
    return local_data_folder() / "sessions"


def is_session(folder: Path) -> bool:
    """Whether there is anything of a session in it, also of one that lost its session.json."""
    return any((folder / name).is_file() for name in (INFO, TABLE, VIDEO))


def new_folder(root: Path, taken: Callable[[Path], bool] = Path.exists) -> Path:
    """A name for a new session in `root`, by the time, that is not `taken` yet."""
    name = time.strftime(STAMP)
    candidates = (root / (name if i == 1 else f"{name} {i}") for i in range(1, 1000))
    return next(path for path in candidates if not taken(path))


def in_use(folder: Path) -> bool:
    """Whether a program records into `folder` at this moment."""
    try:
        with FolderLock(folder):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False  # a folder that cannot be written is not being recorded into


class FolderLock:
    """Held by who writes a session; the system takes it back from a program that was killed.

    Raises BlockingIOError when another program holds it, OSError when the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._file = self._path.open("ab")
        try:
            _lock(self._file.fileno())
        except OSError as error:
            self._file.close()
            raise BlockingIOError(f"{folder} is in use") from error

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Raises nothing, also where the folder is gone."""
        try:
            # Before it is closed: nobody else may have made one of its own. Windows wants it closed.
            if sys.platform != "win32":
                self._path.unlink(missing_ok=True)
            self._file.close()
            self._path.unlink(missing_ok=True)
        except OSError:
            pass


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
