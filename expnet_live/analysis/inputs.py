"""Expands the INPUT arguments to a flat list of photos, videos and cameras."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from expnet_live.capture.kinds import VIDEO_SUFFIXES, Media, is_hidden, media_kind
from expnet_live.capture.sources.video import VideoSource
from expnet_live.capture.spec import DEMO, SourceKind, SourceSpec
from expnet_live.core.addresses import without_credentials
from expnet_live.core.errors import SourceError
from expnet_live.core.naming import few, printable
from expnet_live.sessions.format.folder import RUN, TABLE

EXPORTS = "exports"
RESULTS = ("meshes", "overlays", EXPORTS)  # the folders that a run writes beside its table
_LONGEST = 180  # bytes of a name: file systems allow 255, including the suffixes of results


class Kind(Enum):
    PHOTO = "photo"
    VIDEO = "video"
    CAMERA = "camera"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Item:
    """One photo, video or camera.

    `source` is its name in the table, `spec` opens it, `name` is the relative path without suffix
    of its output files, unique in a run. The `problem` of an unreadable item is a sentence that says why.
    """

    kind: Kind
    source: str
    spec: str
    name: str
    problem: str = ""


def list_items(
    inputs: Sequence[str], leave_out: Callable[[Path], None] = lambda path: None, taken: Collection[str] = ()
) -> list[Item]:
    """The items of the INPUT arguments, in their order; folders are searched through and sorted.

    No item gets a name that is `taken`. `leave_out` gets each file of a folder that is no photo or video. Hidden files
    are left out silently, as are the results of this and of earlier runs.
    """
    found = [item for text in inputs for item in _expand(text, leave_out)]
    names = _Names(found, taken)
    return [
        Item(kind, printable(source), spec, names.of(kind, stem), without_credentials(problem))
        for kind, source, spec, stem, problem in found
    ]


def skipped(paths: Sequence[Path], most: int = 20) -> str:
    """A sentence on files of folders that are left out, or nothing."""
    names = few([printable(str(p)) for p in dict.fromkeys(paths)], most)
    return f"skipped, because they are not photos or videos: {names}" if names else ""


_Found = tuple[Kind, str, str, str, str]


class _Names:
    """Names of output files: no two are the same file, and none is the folder of another."""

    def __init__(self, found: Sequence[_Found], taken: Collection[str]) -> None:
        stems = [_short(stem) for *_, stem, _ in found]
        self._folders = {_key(str(parent)) for stem in stems for parent in PurePosixPath(stem).parents}
        self._stems = {_key(stem) for stem in stems}
        self._taken = {_key(name) for name in taken}

    def of(self, kind: Kind, stem: str) -> str:
        stem = _short(stem)
        name, n = stem, 2
        while self._clashes(kind, name):
            name, n = f"{stem}-{n}", n + 1
        self._taken.add(_key(name))
        return name

    def _clashes(self, kind: Kind, name: str) -> bool:
        key = _key(name)
        # A video's meshes are in a folder of its name; a photo's further faces have names of their own.
        further = re.fullmatch(r"(.+)\.face\d+", key)
        return (
            key in self._taken
            or (kind in (Kind.VIDEO, Kind.CAMERA) and key in self._folders)
            or (further is not None and further[1] in self._stems)
        )


def _key(name: str) -> str:
    """Normalise a name, because some file systems ignore case, or treat different encodings of an accent as equal."""
    return unicodedata.normalize("NFC", name).casefold()


def _short(stem: str) -> str:
    """The relative path in UTF-8, each part short enough for the names of results."""
    parts = [os.fsencode(part).decode("utf-8", "replace").replace("\ufffd", "_") for part in PurePosixPath(stem).parts]
    return str(PurePosixPath(*(part.encode()[:_LONGEST].decode("utf-8", "ignore") for part in parts)))


def _expand(text: str, leave_out: Callable[[Path], None]) -> Iterator[_Found]:
    spec = SourceSpec.parse(text)
    path = Path(text)
    if spec.kind is SourceKind.DEMO:
        yield Kind.VIDEO, DEMO, DEMO, DEMO, ""
    elif spec.kind is SourceKind.CAMERA:
        yield Kind.CAMERA, f"camera{text}", text, f"camera{text}", ""
    elif spec.kind is SourceKind.OTHER:
        yield (Kind.CAMERA if spec.live else Kind.VIDEO), text, text, re.sub(r"\W+", "_", spec.name), ""
    elif path.is_dir():
        found = list(_folder(path, leave_out))
        if not found:
            yield Kind.UNREADABLE, text, text, text, f"The folder {text} has no photos or videos; choose one that does."
        yield from found
    elif not os.path.lexists(text):
        yield Kind.UNREADABLE, text, text, path.stem, f"There is no file, folder or camera {text}; check the name."
    else:
        # An unknown file may still be a video; the reader decides.
        yield (Kind.PHOTO if media_kind(path) is Media.PICTURE else Kind.VIDEO), text, text, path.stem, ""


def _folder(folder: Path, leave_out: Callable[[Path], None]) -> Iterator[_Found]:
    results = [table.parent / name for table in folder.rglob(TABLE) for name in RESULTS]
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(is_hidden(Path(part)) for part in relative.parts) or any(r in path.parents for r in results):
            continue
        if not path.is_file():
            continue
        kind = _kind(path)
        if kind is None:
            if path.name not in (TABLE, RUN):
                leave_out(path)
            continue
        # Absolute, so that a file called demo or 0 is a file here.
        yield kind, str(path), str(path.absolute()), str(PurePosixPath(relative.as_posix()).with_suffix("")), ""


def _kind(path: Path) -> Kind | None:
    media = media_kind(path)
    if media is Media.PICTURE:
        return Kind.PHOTO
    if media is Media.VIDEO and path.suffix.lower() not in VIDEO_SUFFIXES:
        # Sound uses the same containers.
        try:
            VideoSource(path).close()
        except SourceError:
            return None
    return None if media is Media.NONE else Kind.VIDEO
