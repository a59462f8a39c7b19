"""Folders of photos."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from expnet_live.capture.kinds import Media, is_hidden, media_kind
from expnet_live.capture.source import Source
from expnet_live.capture.sources.picture import ImageSource
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import SourceError

log = logging.getLogger(__name__)


class _Folders:
    name, about, live, still = "folder", "a folder of photos", False, True

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.FILE and Path(spec.value).is_dir()

    def open(self, spec: SourceSpec) -> Source:
        folder = Path(spec.value)
        try:
            files = [p for p in folder.iterdir() if p.is_file() and not is_hidden(p)]
        except OSError as e:
            raise SourceError(f"The folder {folder} cannot be read; check its permissions.") from e
        pictures = [p for p in files if media_kind(p) is Media.PICTURE]
        if not pictures:
            raise SourceError(f"The folder {folder} has no pictures; choose one that does.")
        others = sorted(set(files) - set(pictures))
        if others:
            log.info("%s: skipped, because they are not photos: %s", folder, ", ".join(p.name for p in others))
        return ImageSource(sorted(pictures, key=_natural), str(folder))


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts image2 before image10."""
    return [(int(p) if p.isdecimal() else -1, p.casefold()) for p in re.split(r"(\d+)", path.name)]


SOURCE = _Folders()
