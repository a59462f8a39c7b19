"""What `expnet-live analyze` was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """See `expnet-live analyze --help`; `every` and `duration` (seconds) concern videos and cameras."""

    out: Path
    identity: bool = False
    mesh: str | None = None
    head: str | None = None
    every: int = 1
    overlay: bool = False
    landmark_fit: bool = False
    smoothing: str = "balanced"
    max_faces: int = 1
    duration: float | None = None
    model: Path | None = None
    device: str = "auto"
