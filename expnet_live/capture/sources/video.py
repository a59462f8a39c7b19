"""Video files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from expnet_live.capture.kinds import Media, media_kind
from expnet_live.capture.source import Source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.types import Frame
from expnet_live.video.reader import VideoReader
from expnet_live.video.sound import SoundReader


class VideoSource(Source):
    """A video file, upright and with square pixels; its own timestamps count from its first frame."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        super().__init__(name or str(path))
        self._path = path
        self._reader = VideoReader(path)
        self.fps, self.n_frames, self.duration = self._reader.fps, self._reader.n_frames, self._reader.duration

    def __iter__(self) -> Iterator[Frame]:
        for picture in self._reader:
            yield Frame(picture.image, picture.time, picture.index, self.name)

    def seek(self, seconds: float) -> None:
        self._reader.seek(seconds)

    def sound(self) -> SoundReader | None:
        return SoundReader.open(self._path)

    @property
    def damages(self) -> int:
        """The number of errors in what was decoded so far."""
        return self._reader.damages

    def close(self) -> None:
        self._reader.close()


class _Videos:
    name, about, live, still = "video", "a video file", False, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.FILE and media_kind(Path(spec.value)) is Media.VIDEO

    def open(self, spec: SourceSpec) -> Source:
        return VideoSource(Path(spec.value))


SOURCE = _Videos()
