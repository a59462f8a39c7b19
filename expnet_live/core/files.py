"""Files and folders that appear under their name only when they are complete, and are then on the disk itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from expnet_live.core.errors import UserError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """`replacing` for what the user asked for: makes the folders above `path`, and raises UserError.

    Raises UserError when the place cannot be written, or a folder of that name is there already.
    """
    if path.is_dir():
        raise UserError(f"There is a folder {path} already; choose another name, or move it away.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            yield partial
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); make room there, or choose another place."
        ) from error


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A name beside `path` to write a file or folder under, which becomes `path` at the end of the block.

    After a crash or a kill, either the old file is there or the new one. An unfinished one is removed. A file of that
    name is replaced, a folder is not. `durable=False` does not wait for the disk: for the many small files of a folder.
    Raises OSError.
    """
    # Cut, so that any name that the file system allows still has room for what is added.
    partial = path.with_name(f".{path.name[:40]}.{os.getpid()}.tmp")
    try:
        yield partial
        if durable:
            _to_disk(partial)
        partial.replace(path)
        if durable:
            _sync_folder(path.parent)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            with suppress(OSError):  # where there is no such folder, either
                partial.unlink()


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes or replaces a file, text as UTF-8. Raises OSError."""
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def sync(path: Path) -> None:
    """Waits until a file's content is on the disk. Raises OSError."""
    with path.open("r+b") as f:
        os.fsync(f.fileno())


def _to_disk(path: Path) -> None:
    if not path.is_dir():
        sync(path)
        return
    for child in path.rglob("*"):
        if child.is_file():
            sync(child)
        elif child.is_dir():
            _sync_folder(child)


def _sync_folder(path: Path) -> None:
    """The names in a folder; systems without a way to do that have none to lose."""
    if os.name != "posix":
        return
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
