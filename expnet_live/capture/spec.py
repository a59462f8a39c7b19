"""Which source of pictures is meant, as a value that can be compared, saved and shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from expnet_live.capture.images import IMAGE_SUFFIXES
from expnet_live.capture.sources import DEMO


class SourceKind(StrEnum):
    DEMO = "demo"
    CAMERA = "camera"
    FILE = "file"


@dataclass(frozen=True)
class SourceSpec:
    """`value`: a camera's number or a file's path; `width`, `height`, `fps` are asked of a camera, None its own.

    `label` is what the system calls a camera, empty where nobody asked.
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
        """What `--source` means: a file, a camera's number, or demo; a file of such a name comes first."""
        if not Path(text).exists():
            if text.isdecimal():
                return cls.camera(int(text))
            if text == DEMO:
                return cls.demo()
        return cls.file(text)

    @property
    def live(self) -> bool:
        """Whether pictures that are not taken in time are gone."""
        return self.kind is SourceKind.CAMERA

    @property
    def still(self) -> bool:
        """Whether it is a picture, or a folder of them."""
        path = Path(self.value)
        return self.kind is SourceKind.FILE and (path.suffix.lower() in IMAGE_SUFFIXES or path.is_dir())

    @property
    def name(self) -> str:
        """For people: demo, the camera's name or Camera 0, or the file's name."""
        if self.kind is SourceKind.CAMERA:
            return self.label or f"Camera {self.value}"
        return Path(self.value).name if self.kind is SourceKind.FILE else DEMO
