"""Specifies a source of pictures as a value to compare, save and show, and holds the registry of kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from expnet_live.capture.source import Source
from expnet_live.core.addresses import without_credentials
from expnet_live.core.registry import Registry

DEMO = "demo"


class SourceKind(StrEnum):
    DEMO = "demo"
    CAMERA = "camera"
    FILE = "file"
    OTHER = "other"  # a text that one kind of source understands, such as a URL


@dataclass(frozen=True)
class SourceSpec:
    """`value`: a camera's number, the path of a file or folder, or another kind's text.

    `width`, `height`, `fps` are requested from a camera, None for its default. `label` is the system's name of a
    camera, or empty if unknown.

    >>> SourceSpec.parse("0").name, SourceSpec.demo().live
    ('Camera 0', False)
    """

    kind: SourceKind
    value: str = ""
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    label: str = field(default="", compare=False)

    @classmethod
    def demo(cls) -> SourceSpec:
        return cls(SourceKind.DEMO)

    @classmethod
    def camera(
        cls, number: int, width: int | None = None, height: int | None = None, fps: float | None = None, label: str = ""
    ) -> SourceSpec:
        return cls(SourceKind.CAMERA, str(number), width, height, fps, label)

    @classmethod
    def file(cls, path: Path | str) -> SourceSpec:
        return cls(SourceKind.FILE, str(path))

    @classmethod
    def parse(cls, text: str) -> SourceSpec:
        """Parse a source as the window, `analyze`, `record` and `evaluate` accept it.

        `demo` is always the clip; a file of that name is ./demo. A number is a camera, unless there is a file of that
        name. Other texts are files and folders, or texts that a kind of source accepts.
        """
        if text == DEMO:
            return cls.demo()
        if not _exists(text):
            if text.isdecimal():
                return cls.camera(int(text))
            other = cls(SourceKind.OTHER, text)
            if _taken(other):
                return other
        return cls.file(text)

    @property
    def live(self) -> bool:
        """Whether pictures that are not fetched in time are lost."""
        if self.kind in (SourceKind.DEMO, SourceKind.FILE):
            return False
        return self.kind is SourceKind.CAMERA or type_of(self).live

    @property
    def still(self) -> bool:
        """Whether it is a picture or a folder of pictures, by the content of files."""
        return self.kind is SourceKind.FILE and type_of(self).still

    @property
    def name(self) -> str:
        """A name to show: demo, the camera's name or Camera 0, the file's name, or an address without its password."""
        if self.kind is SourceKind.CAMERA:
            return self.label or f"Camera {self.value}"
        if self.kind is SourceKind.FILE:
            return Path(self.value).name
        return DEMO if self.kind is SourceKind.DEMO else without_credentials(self.value)


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # a name too long for a file, or with a zero byte in it
        return False


def _taken(spec: SourceSpec) -> bool:
    return any(_takes(kind, spec) for kind in SOURCES.values())


def _takes(kind: SourceType, spec: SourceSpec) -> bool:
    return SOURCES.ask(kind, lambda kind: kind.takes(spec), False)


class SourceType(Protocol):
    """A kind of source in the registry.

    `live` and `still` are those of its sources. Another package adds one through an entry point of the group
    `expnet_live.sources`.
    """

    name: str
    about: str
    live: bool
    still: bool

    def takes(self, spec: SourceSpec) -> bool:
        """Whether it opens `spec`. Reads at most the beginning of a file."""
        ...

    def open(self, spec: SourceSpec) -> Source:
        """Open `spec`. Raises SourceError with one sentence that says what to do."""
        ...


def _check(kind: SourceType) -> None:
    _ = kind.live, kind.still, kind.takes, kind.open


SOURCES: Registry[SourceType] = Registry(
    "source", "SOURCE", ["expnet_live.capture.sources"], "expnet_live.sources", _check
)


def type_of(spec: SourceSpec) -> SourceType:
    """The kind of source that takes `spec`, or else videos, whose reader says what is wrong."""
    return next((kind for kind in SOURCES.values() if _takes(kind, spec)), SOURCES["video"])
