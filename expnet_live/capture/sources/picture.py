"""Single photos, and folders of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from expnet_live.capture.images import read_image
from expnet_live.capture.kinds import Media, media_kind
from expnet_live.capture.source import Source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Frame

log = logging.getLogger(__name__)


class ImageSource(Source):
    """Pictures, a second apart. If one of several cannot be read, it is logged, listed in `problems` and skipped."""

    still = True
    fps = 1.0

    def __init__(self, paths: list[Path], name: str) -> None:
        super().__init__(name)
        self.problems: list[SourceError] = []
        self._paths = paths
        self.n_frames = len(paths)
        # A single picture is read here, so that opening reports its errors.
        self._first = read_image(paths[0]) if len(paths) == 1 else None

    def __iter__(self) -> Iterator[Frame]:
        for i, path in enumerate(self._paths):
            try:
                image = self._first if self._first is not None else read_image(path)
            except SourceError as e:
                log.warning("%s", e)
                self.problems.append(e)
                continue
            yield Frame(image, float(i), i, str(path))

    def close(self) -> None:
        pass


class _Pictures:
    name, about, live, still = "picture", "a photo", False, True

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.FILE and media_kind(Path(spec.value)) is Media.PICTURE

    def open(self, spec: SourceSpec) -> Source:
        return ImageSource([Path(spec.value)], spec.value)


SOURCE = _Pictures()
