"""Where frames come from: one module a kind of source, each with its `SOURCE`.

To add a kind, add a module here, or an entry point of the group `expnet_live.sources` in a package of your own.
"""

from __future__ import annotations

from pathlib import Path

from expnet_live.capture.source import Source, SourceType
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import SourceError
from expnet_live.core.registry import Registry

__all__ = ["SOURCES", "Source", "SourceError", "SourceType", "open_source", "open_spec", "type_of"]

SOURCES: Registry[SourceType] = Registry("source", "SOURCE", ["expnet_live.capture.sources"], "expnet_live.sources")


def open_source(spec: str | int | Path | SourceSpec) -> Source:
    """The source that `spec` means: "demo", a camera's number, a video, a picture, a folder of pictures, or a URL.

    Raises SourceError with one sentence.
    """
    if isinstance(spec, int):
        spec = SourceSpec.camera(spec)
    elif isinstance(spec, Path):
        spec = SourceSpec.file(spec)
    elif isinstance(spec, str):
        spec = SourceSpec.parse(spec)
    return open_spec(spec)


def open_spec(spec: SourceSpec) -> Source:
    """Raises SourceError with one sentence."""
    return type_of(spec).open(spec)


def type_of(spec: SourceSpec) -> SourceType:
    """The kind of source that takes `spec`; that of videos, whose reader says what is wrong, where none does."""
    return next((kind for kind in SOURCES.values() if kind.takes(spec)), SOURCES["video"])
