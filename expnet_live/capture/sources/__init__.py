"""The sources of frames: one module per kind, each with its `SOURCE`.

To add a kind, add a module here, or an entry point of the group `expnet_live.sources` in a package of your own.
"""

from __future__ import annotations

from operator import index
from pathlib import Path
from typing import SupportsIndex

from expnet_live.capture.source import Source
from expnet_live.capture.spec import SOURCES, SourceSpec, SourceType, type_of
from expnet_live.core.errors import SourceError

__all__ = ["SOURCES", "Source", "SourceError", "SourceType", "open_source", "open_spec"]


def open_source(spec: str | SupportsIndex | Path) -> Source:
    """Open the source that `spec` means: "demo", a camera's number, a video, a picture or a folder of pictures.

    Raises SourceError with one sentence.

    >>> with open_source("demo") as source:
    ...     next(iter(source)).image.dtype
    dtype('uint8')
    """
    if isinstance(spec, str):
        return open_spec(SourceSpec.parse(spec))
    return open_spec(SourceSpec.file(spec) if isinstance(spec, Path) else SourceSpec.camera(index(spec)))


def open_spec(spec: SourceSpec) -> Source:
    """Open the source of a parsed spec. Raises SourceError with one sentence."""
    return type_of(spec).open(spec)
