"""The options of `expnet-live analyze`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expnet_live.outputs.export.entities import USUAL_ENTITIES, Entities
from expnet_live.person.person import Person
from expnet_live.render.style import OverlayStyle


@dataclass(frozen=True)
class Options:
    """See `expnet-live analyze --help`; `every` and `duration` (seconds) concern videos and cameras.

    `to`: names of export formats of sessions, to write for each video, with these `entities`. `rest`: the person at
    rest whom `neutral` names, where it names one. `marked`: whether the table has a column of markers.
    """

    out: Path
    identity: bool = False
    mesh: str | None = None
    head: str | None = None
    every: int = 1
    overlay: OverlayStyle | None = None
    to: tuple[str, ...] = ()
    entities: Entities = USUAL_ENTITIES
    landmark_fit: bool = False
    smoothing: str = "balanced"
    max_faces: int = 1
    duration: float | None = None
    model: Path | None = None
    device: str = "auto"
    neutral: str | None = None
    rest: Person | None = None
    marked: bool = False
