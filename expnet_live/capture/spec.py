"""Which source of pictures is meant, as a value that can be compared, saved and shown, and the kinds there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from expnet_live.capture.source import Source
from expnet_live.core.registry import Registry

DEMO = "demo"


class SourceKind(StrEnum):
    DEMO = "demo"
    CAMERA = "camera"
    FILE = "file"
    OTHER = "other"  # a text that one kind of source knows: a URL, for instance


@dataclass(frozen=True)
class SourceSpec:
    """`value`: a camera's number, the path of a file or folder, or another kind's text.

    `width`, `height`, `fps` are asked of a camera, None its own. `label` is what the system calls a camera, empty where
    nobody asked.

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
        """What the window, `analyze`, `record` and `evaluate` take for a source.

        `demo` always is the clip; a file of that name is ./demo. A number is a camera, unless there is a file of that
        name. Other texts are files and folders, or what a kind of source says it takes.
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
        """Whether pictures that are not taken in time are gone."""
        if self.kind in (SourceKind.DEMO, SourceKind.FILE):
            return False
        return self.kind is SourceKind.CAMERA or type_of(self).live

    @property
    def still(self) -> bool:
        """Whether it is a picture, or a folder of them; files are looked into."""
        return self.kind is SourceKind.FILE and type_of(self).still

    @property
    def name(self) -> str:
        """For people: demo, the camera's name or Camera 0, or the file's name."""
        if self.kind is SourceKind.CAMERA:
            return self.label or f"Camera {self.value}"
        if self.kind is SourceKind.FILE:
            return Path(self.value).name
        return DEMO if self.kind is SourceKind.DEMO else self.value


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # a name too long for a file, or with a zero in it
        return False


def _taken(spec: SourceSpec) -> bool:
    return any(kind.takes(spec) for kind in SOURCES.values())


class SourceType(Protocol):
    """A kind of sources, as the registry holds it.

    `live` and `still` are those of its sources. A package of somebody else's adds one by an entry point of the group
    `expnet_live.sources`.
    """

    name: str
    about: str
    live: bool
    still: bool

    def takes(self, spec: SourceSpec) -> bool:
        """Whether it is the one to open `spec`. Looks at the beginning of a file at most."""
        ...

    def open(self, spec: SourceSpec) -> Source:
        """Raises SourceError with one sentence that says what to do."""
        ...


SOURCES: Registry[SourceType] = Registry("source", "SOURCE", ["expnet_live.capture.sources"], "expnet_live.sources")


def type_of(spec: SourceSpec) -> SourceType:
    """The kind of source that takes `spec`; that of videos, whose reader says what is wrong, where none does."""
    return next((kind for kind in SOURCES.values() if kind.takes(spec)), SOURCES["video"])
