"""What an export is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expnet_live.outputs.export.pose import PoseMode
from expnet_live.render.style import OverlayStyle

MOST_CORRECTIVES = 256


@dataclass(frozen=True)
class ExportOptions:
    """`format`: the name of one of FORMATS, written to `out`.

    `start`, `end` in seconds of the session; `fps` to resample to, None for the recorded moments. `face`: which one,
    None for all of them where the format has room, and else for the one seen most. `neutral`, `gains`: whether the
    profile's are applied, as they were in the window. `correctives`: at most so many morph targets beside the
    components. `face_model`: another file than the built-in one. `head`: the imported head that wears the face.
    `style`: how a face is drawn over the video. A format says in `takes` which of these it heeds.

    >>> ExportOptions("glb", Path("take.glb"), start=1.5, end=4.0, fps=30.0).format
    'glb'
    """

    format: str
    out: Path
    start: float | None = None
    end: float | None = None
    fps: float | None = None
    face: int | None = None
    neutral: bool = True
    gains: bool = True
    pose: PoseMode = PoseMode.ROTATION
    correctives: int = MOST_CORRECTIVES
    face_model: Path | None = None
    head: str | None = None
    style: OverlayStyle = OverlayStyle.SOLID
