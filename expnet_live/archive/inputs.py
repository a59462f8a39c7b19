"""Lists the inputs of an archive: folders, patterns, lists, and whatever fsspec reads (s3, gcs, ssh, http, zip)."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from expnet_live.analysis.inputs import Kind, list_items
from expnet_live.archive.remote import MAGIC, download, is_address, list_files
from expnet_live.capture.kinds import IMAGE_SUFFIXES
from expnet_live.capture.spec import DEMO
from expnet_live.core.delimiters import table_rows
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.naming import printable
from expnet_live.core.paths import asset

_LISTS = (".txt", ".csv")
_BUCKETS = 256


@dataclass(frozen=True)
class Input:
    """One photo or video. `source` is its name in the data set, `spec` its path or address.

    `size` in bytes and `stamp` (time of the last change, or another mark of the version) tell whether it changed.
    `problem`: a sentence, if it cannot be read.
    """

    kind: Kind
    source: str
    spec: str
    size: int = 0
    stamp: str = ""
    person: str | None = None
    problem: str = ""

    @property
    def key(self) -> str:
        """A short name of it and of this version of it."""
        return _digest(f"{self.spec}\n{self.size}\n{self.stamp}")

    @property
    def file(self) -> str:
        """The path of a video's rows in the data set."""
        stem = re.sub(r"\W+", "_", PurePosixPath(self.source.replace("\\", "/")).stem)[:60] or "input"
        return f"kind=video/bucket={bucket(self.spec)}/{stem}-{_digest(self.spec)}.parquet"


def bucket(text: str) -> int:
    """One of 256 folders, which keep each folder small, and are random samples of an archive."""
    return int(_digest(text)[:8], 16) % _BUCKETS


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:12]


LeaveOut = Callable[[Path], None]


def list_inputs(texts: Sequence[str], leave_out: LeaveOut = lambda path: None) -> list[Input]:
    """The inputs, each once, in their order, with the person that any list gives them. `leave_out` gets each file of a
    folder that is no photo or video.

    Raises UserError for a camera, a list that cannot be read, or two persons of one input.
    """
    found: dict[str, Input] = {}
    for one in (one for text in texts for one in _expanded(text, leave_out)):
        before = found.setdefault(one.spec, one)
        if before.person and one.person and before.person != one.person:
            raise UserError(f"The lists say both {before.person} and {one.person} for {one.source}; correct them.")
        found[one.spec] = before if before.person else one
    return list(found.values())


def _expanded(
    text: str, leave_out: LeaveOut, person: str | None = None, lists: tuple[Path, ...] = ()
) -> Iterator[Input]:
    """`lists`: those that lead to this text."""
    for one in _listed(text, leave_out, lists):
        yield one if person is None else replace(one, person=person)


def _listed(text: str, leave_out: LeaveOut, lists: tuple[Path, ...]) -> Iterator[Input]:
    path = Path(text)
    if is_address(text):
        yield from _remote(text)
    elif path.suffix.lower() in _LISTS and path.is_file():
        if path.resolve() in lists:
            raise UserError(f"The list {path} names itself; delete that line, or write its pattern more narrowly.")
        for line, person in lines_of(path):
            where = line if is_address(line) or line == DEMO else os.path.join(path.parent, line)  # noqa: PTH118
            yield from _expanded(where, leave_out, person, (*lists, path.resolve()))
    elif MAGIC.search(text) and not path.exists():
        paths = sorted(glob.glob(text, recursive=True))  # noqa: PTH207  the pattern may be absolute
        if not paths:
            yield Input(Kind.UNREADABLE, text, text, problem=f"Nothing fits the pattern {text}; check it.")
        for name in paths:
            yield from _listed(name, leave_out, lists)
    else:
        for item in list_items([text], leave_out):
            if item.kind is Kind.CAMERA:
                raise UserError(f"{text} is a camera, and an archive holds files; use 'expnet-live record'.")
            # Workers may have another working folder.
            spec = item.spec if item.spec == DEMO else str(Path(item.spec).absolute())
            yield _named(_stamped(Input(item.kind, item.source, spec, problem=item.problem)))


def lines_of(path: Path) -> Iterator[tuple[str, str | None]]:
    """The inputs that a list names, and their persons, if it has a column of them."""
    if path.suffix.lower() == ".txt":
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise UserError(f"The list {path} cannot be read ({error}); write it as text in UTF-8.") from error
        yield from ((line.strip(), None) for line in text.splitlines() if line.strip() and not line.startswith("#"))
        return
    with table_rows(path) as rows:
        if "source" not in (rows.fieldnames or ()):
            raise UserError(f"The list {path} has no column 'source'; its first line must name the columns.")
        for row in rows:
            if source := (row["source"] or "").strip():
                yield source, (row.get("person") or "").strip() or None


def _named(one: Input) -> Input:
    """Unreadable, if its path is no text that the tables of a data set can hold."""
    path = printable(one.spec)
    if path == one.spec:
        return one
    why = f"The path {path} is not UTF-8, so a data set cannot name it; rename the file or its folder."
    return Input(Kind.UNREADABLE, one.source, path, problem=one.problem or why)


def _stamped(one: Input) -> Input:
    """With size and stamp of the file, if it is one."""
    path = local_path(one.spec)
    if path is None or one.kind is Kind.UNREADABLE:
        return one
    try:
        stat = path.stat()
    except OSError:
        return one  # its reader says why
    return replace(one, size=stat.st_size, stamp=str(stat.st_mtime_ns))


def local_path(spec: str) -> Path | None:
    """The file that a spec means, None for an address."""
    if spec == DEMO:
        return asset("demo.mp4")
    return None if is_address(spec) and not Path(spec).exists() else Path(spec)


def _remote(text: str) -> Iterator[Input]:
    try:
        for file in list_files(text):
            kind = Kind.PHOTO if file.suffix in IMAGE_SUFFIXES else Kind.VIDEO
            yield Input(kind, printable(file.address), file.address, file.size, file.stamp)
    except SourceError as error:
        yield Input(Kind.UNREADABLE, printable(text), text, problem=str(error))


# --- content ------------------------------------------------------------------------------------


@contextmanager
def fetched(one: Input) -> Iterator[Path]:
    """A local file with the input's content: its own, or a copy, which stays until another one is fetched, because
    the next part of a video is likely to be read here as well.

    Raises SourceError if it cannot be fetched or has changed since it was listed.
    """
    path = local_path(one.spec)
    if path is None:
        yield _copy(one)
        return
    if one.stamp and _stamped(one) != one:
        raise SourceError(f"{one.source} has changed since it was listed; run the command again.")
    yield path


_copies: dict[str, tuple[TemporaryDirectory[str], Path]] = {}


def _copy(one: Input) -> Path:
    if one.key in _copies:
        return _copies[one.key][1]
    for folder, _ in _copies.values():
        folder.cleanup()
    _copies.clear()
    folder = TemporaryDirectory(prefix="expnet-live-", ignore_cleanup_errors=True)
    copy = Path(folder.name) / ("input" + PurePosixPath(one.spec.partition("::")[0]).suffix)
    try:
        download(one.spec, copy)
    except SourceError:
        folder.cleanup()
        raise
    _copies[one.key] = folder, copy
    return copy
