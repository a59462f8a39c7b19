"""What is to be analysed: INPUT arguments become a flat list of photos, videos and cameras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from expnet_live.capture.kinds import IMAGE_SUFFIXES
from expnet_live.capture.spec import DEMO

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv"})


class Kind(Enum):
    PHOTO = "photo"
    VIDEO = "video"
    CAMERA = "camera"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Item:
    """One photo, video or camera.

    `source` is what the table calls it, `spec` what opens it, `name` the relative path without suffix
    that its output files get, unique in a run. An unreadable item's `problem` is a sentence that says why.
    """

    kind: Kind
    source: str
    spec: str
    name: str
    problem: str = ""


def list_items(inputs: Sequence[str]) -> list[Item]:
    """The items of the INPUT arguments, in their order; folders are searched through and sorted."""
    taken: set[str] = set()
    items = []
    for text in inputs:
        for kind, source, spec, stem, problem in _expand(text):
            name, n = stem, 2
            # Some file systems do not tell upper from lower case.
            while name.casefold() in taken:
                name, n = f"{stem}-{n}", n + 1
            taken.add(name.casefold())
            items.append(Item(kind, source, spec, name, problem))
    return items


_Found = tuple[Kind, str, str, str, str]


def _expand(text: str) -> Iterator[_Found]:
    path = Path(text)
    if text == DEMO and not path.exists():
        yield Kind.VIDEO, DEMO, DEMO, DEMO, ""
    elif text.isdecimal() and not path.exists():
        yield Kind.CAMERA, f"camera{text}", text, f"camera{text}", ""
    elif path.is_dir():
        found = sorted(p for p in path.rglob("*") if _kind(p) is not None and p.is_file())
        if not found:
            yield Kind.UNREADABLE, text, text, text, f"The folder {text} holds no photos or videos; name one that does."
        for p in found:
            relative = PurePosixPath(p.relative_to(path).as_posix())
            yield _kind(p) or Kind.UNREADABLE, str(p), str(p), str(relative.with_suffix("")), ""
    elif not path.exists():
        yield Kind.UNREADABLE, text, text, path.stem, f"There is no file, folder or camera {text}; check the name."
    else:
        # An unknown suffix may still be a video; the reader will tell.
        yield _kind(path) or Kind.VIDEO, text, text, path.stem, ""


def _kind(path: Path) -> Kind | None:
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return Kind.PHOTO
    return Kind.VIDEO if suffix in VIDEO_SUFFIXES else None
