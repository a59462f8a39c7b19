"""Animated pictures: GIF, WebP, PNG and AVIF with several frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from expnet_live.capture.animations import Animation
from expnet_live.capture.kinds import Media, media_kind
from expnet_live.capture.source import Source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.types import Frame


class AnimationSource(Source):
    """The frames of an animated picture, each with its own duration."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        super().__init__(name or str(path))
        self._animation = Animation(path)
        self._from = 0.0
        self.n_frames, self.duration = len(self._animation.times), self._animation.duration
        self.fps = self.n_frames / self.duration

    def __iter__(self) -> Iterator[Frame]:
        times = self._animation.times
        # The frame shown at that time; none after the end.
        first = max((i for i, t in enumerate(times) if t <= self._from + 1e-3), default=0)
        if self._from >= self._animation.duration:
            return
        for i, image in enumerate(self._animation):
            if i >= first:
                yield Frame(image, times[i], i, self.name)

    def seek(self, seconds: float) -> None:
        self._from = max(0.0, seconds)

    def close(self) -> None:
        self._animation.close()


class _Animations:
    name, about, live, still = "animation", "an animated picture", False, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.FILE and media_kind(Path(spec.value)) is Media.ANIMATION

    def open(self, spec: SourceSpec) -> Source:
        return AnimationSource(Path(spec.value))


SOURCE = _Animations()
