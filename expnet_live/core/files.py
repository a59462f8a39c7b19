"""Writes files and folders that appear under their name only when they are complete and flushed to disk; checksums."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.machine import is_running, machine
from expnet_live.core.paths import make_folder

_UNFINISHED = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp", re.DOTALL)
_swept: set[Path] = set()  # the folders in which this process has looked

TOO_MANY_OPEN = (errno.EMFILE, errno.ENFILE)  # of this program, of the whole computer
_WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)  # s


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """`replacing` for output that the user asks for: also creates the folders above `path`.

    Raises UserError if the place cannot be written, or if a folder of that name exists.
    """
    _check_no_folder(path)
    with _told(path):
        make_folder(path.parent)
        with replacing(path) as partial:
            yield partial


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what keeps a file from being written into one sentence."""
    try:
        yield
    except UserError:  # what breaks while it is read says so itself, although a SourceError is an OSError too
        raise
    except OSError as error:
        remedy = "free some space there, or choose another place"
        if error.errno in TOO_MANY_OPEN:
            remedy = "end other programs, or raise the limit of open files (ulimit -n)"
        raise UserError(f"{path} cannot be written ({error.strerror or error}); {remedy}.") from error


def check_new(path: Path, overwrite: bool) -> None:
    """Raises UserError if there is a folder at `path`, or a file, unless the user lets it be replaced."""
    _check_no_folder(path)
    if not overwrite and os.path.lexists(path):
        raise UserError(f"There is already a file {path}; add --overwrite to replace it, or choose another one.")


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise UserError(f"There is already a folder {path}; choose another name, or move it away.")


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary name beside `path` for a file or folder, which becomes `path` at the end of the block.

    After a crash or a kill, either the old file exists or the new one. An unfinished one is removed. An existing file
    is replaced, a folder is not. `durable=False` does not wait for the disk, for the many small files of a folder.
    Raises OSError.
    """
    partial = unfinished(path)
    try:
        yield partial
        if durable:
            _to_disk(partial)
        move(partial, path)
        if durable:
            _sync_folder(path.parent)
    finally:
        _remove(partial)


def unfinished(path: Path) -> Path:
    """A hidden name beside `path` for the file or folder that becomes it. What killed processes left there goes."""
    if path.parent not in _swept:
        _swept.add(path.parent)
        sweep(path.parent)
    # Shortened, so that the addition fits into the longest name that the file system allows; unique, because processes
    # of several computers may write the same file into a shared folder.
    return path.with_name(f".{path.name[:40]}.{machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")


def sweep(folder: Path) -> None:
    """Remove the unfinished files and folders of processes that were killed on this computer, as far as possible."""
    with suppress(OSError):
        for path in folder.iterdir():
            of = _UNFINISHED.fullmatch(path.name)
            if of is not None and of[1] == machine() and not is_running(int(of[2])):
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # also if the folder does not exist
            path.unlink()


def move(path: Path, to: Path) -> None:
    """Give a file or folder another name on the same disk, in place of a file of that name. Raises OSError.

    Windows refuses that while anybody reads the old file: another thread, or whatever searches new files, which mostly
    takes a moment.
    """
    for wait in _WAITS if os.name == "nt" else ():
        try:
            path.replace(to)
        except PermissionError:
            time.sleep(wait)
        else:
            return
    path.replace(to)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write or replace a file, text as UTF-8. Raises OSError."""
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def json_text(data: object, indent: int | None = 1) -> str:
    """JSON with null for NaN and for what is infinite, which JSON lacks, so that other readers refused it.

    >>> json_text({"gain": float("nan")}, None)
    '{"gain": null}'
    """
    return json.dumps(_finite(data), indent=indent, allow_nan=False)


def _finite(data: object) -> object:
    match data:
        case dict():
            return {key: _finite(value) for key, value in data.items()}
        case list() | tuple():
            return [_finite(value) for value in data]
        case float() if not math.isfinite(data):
            return None
    return data


def write_json(path: Path, data: object) -> None:
    """`whole` for JSON; what is no file of its own, such as /dev/stdout, gets it as it is. Raises UserError."""
    text = json_text(data)
    if path.exists() and (path.is_symlink() or not path.is_file()) and not path.is_dir():
        with _told(path):
            path.write_text(text, encoding="utf-8")
        return
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Wait until a file's content is on disk. Raises OSError."""
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
    """Flush the names in a folder to disk, on systems that need and support this."""
    if os.name != "posix":
        return
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def changed(path: Path) -> datetime:
    """When a file or folder was last changed, in local time; now, if the system cannot say or has no such time."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    except (OSError, ValueError, OverflowError):
        return datetime.now().astimezone()


def checksum(path: Path) -> str:
    """The SHA-256 of a file, as hex digits. Raises OSError."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
