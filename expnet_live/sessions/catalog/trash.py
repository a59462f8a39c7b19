"""Moves a session to the system's trash, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.paths import make_folder
from expnet_live.sessions.format.folder import in_use, is_session


@dataclass(frozen=True)
class Trashed:
    """The original `folder`, and its `place` in the trash, None if the system does not reveal it."""

    folder: Path
    place: Path | None

    def restore(self) -> None:
        """Put it back. Raises UserError with one sentence; it is then still in the trash."""
        try:
            if self.place is None or self.folder.exists():
                raise OSError(
                    f"there is another {self.folder.name}" if self.place else "its place in the trash is unknown"
                )
            make_folder(self.folder.parent)
            self.place.rename(self.folder)
        except OSError as e:
            raise UserError(
                f"{self.folder.name} cannot be put back ({e.strerror or e}); take it out of the trash with your file "
                "manager."
            ) from e
        with suppress(OSError):  # the trash itself forgets notes about what is gone
            (self.place.parents[1] / "info" / f"{self.place.name}.trashinfo").unlink()


def restore(trashed: Iterable[Trashed]) -> None:
    """Put back all that can be. Raises UserError with one sentence for the first that cannot."""
    failed: UserError | None = None
    for one in trashed:
        try:
            one.restore()
        except UserError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def trash(folder: Path) -> Trashed:
    """Move the session to the trash. Raises UserError with one sentence; the session is then unchanged."""
    from send2trash import send2trash

    if not is_session(folder):
        raise UserError(f"{folder} is not a session, so it was not moved; delete it with your file manager.")
    if in_use(folder):
        raise UserError(f"{folder} is being recorded; wait until the recording has ended.")
    try:
        stat = folder.stat()
        send2trash(folder)
    except Exception as e:  # Windows raises errors of its own kind
        reason = getattr(e, "strerror", None) or e
        raise UserError(
            f"{folder.name} cannot be moved to the trash ({reason}); delete its folder with your file manager. It was "
            "left as it is."
        ) from e
    return Trashed(folder, _place(folder, stat))


def _place(folder: Path, stat: os.stat_result) -> Path | None:
    """Identify a folder: after a move, it is still the same file to the system."""
    for files in _trashes(folder):
        try:
            for path in files.iterdir():
                there = path.lstat()
                if (there.st_dev, there.st_ino) == (stat.st_dev, stat.st_ino):
                    return path
        except OSError:
            continue
    return None


def _trashes(folder: Path) -> Iterator[Path]:
    """The trash folders of freedesktop.org's specification; other systems do not reveal theirs."""
    if sys.platform in ("win32", "darwin"):
        return
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    yield Path(home) / "Trash" / "files"
    for parent in folder.absolute().parents:
        if parent.is_mount():
            yield parent / ".Trash" / str(os.getuid()) / "files"
            yield parent / f".Trash-{os.getuid()}" / "files"
            return
