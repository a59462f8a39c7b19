"""Animated pictures, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from expnet_live.capture.images import as_bgr, damages
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Image

_FORMATS = ("AVIF", "GIF", "PNG", "WEBP")
_UNSAID = 0.1  # s for a frame without a duration, as in browsers


class Animation:
    """Iterates over whole frames as BGR uint8 (H, W, 3); `times` are their starts in s, `duration` is the total.

    Raises SourceError if it cannot be read; while iterating, only after the good frames.
    """

    def __init__(self, path: Path) -> None:
        import PIL.Image as pillow

        self._path = path
        self._closed = False
        try:
            self._image = pillow.open(path, formats=_FORMATS)
            # A PNG may hold a separate picture for programs that do not support its animation.
            self._first = int(bool(getattr(self._image, "default_image", False)))
            self._n = int(getattr(self._image, "n_frames", 1))
        except damages() as e:
            raise SourceError(f"{path} is damaged or not a picture; copy it again from its source.") from e
        lengths = list(self._lengths())
        self.duration = sum(lengths)
        self.times = [0.0, *accumulate(lengths[:-1])]

    def _lengths(self) -> Iterator[float]:
        for n in range(self._first, self._n):
            try:
                self._image.seek(n)
                self._image.load()
            except damages():
                yield _UNSAID  # damaged; the iteration reports it
                continue
            yield float(self._image.info.get("duration") or 0) / 1000 or _UNSAID

    def __iter__(self) -> Iterator[Image]:
        for n in range(self._first, self._n):
            if self._closed:
                raise SourceError(f"{self._path} has been closed; open it again.")
            try:
                self._image.seek(n)
                image = as_bgr(self._image)
            except damages() as e:
                raise SourceError(
                    f"{self._path} is damaged after {n - self._first} readable frames; copy it again from its source."
                ) from e
            yield image

    def close(self) -> None:
        self._closed = True
        self._image.close()
