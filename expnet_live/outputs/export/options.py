"""The options of an export."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

from expnet_live.heads.look import USUAL, Look
from expnet_live.outputs.export.entities import USUAL_ENTITIES, Entities
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.render.style import OverlayStyle

MOST_CORRECTIVES = 256


@dataclass(frozen=True)
class ExportOptions:
    """`format`: the name of one of FORMATS, written to `out`.

    `start`, `end` in seconds of the session; `fps` is the new rate, None for the recorded moments. `face`: its number,
    or None for all faces if the format can hold them, else for the one mirrored most. `neutral`, `gains`: whether to
    apply the profile's, as in the window; its linked blinks go with the gains. `correctives`: the largest number of
    corrective morph targets. `face_model`: another file than the built-in one. `head`: the imported head to use;
    `look`: that of our own. `style`: how a face is drawn over the video. `swing`: whether an avatar's hair and clothes
    do. `entities`: what a BIDS data set calls the recording, or a text of it such as sub-07_ses-2_task-smile.
    A format says in `takes` which of these it uses. Raises ValueError for values that are none, such as a rate of 0,
    and UserError for entities that are none.

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
    look: Look = USUAL
    style: OverlayStyle = OverlayStyle.SOLID
    swing: bool = True
    entities: Entities = USUAL_ENTITIES

    def __post_init__(self) -> None:
        # Scripts give texts.
        object.__setattr__(self, "out", Path(self.out))
        if isinstance(self.entities, str):
            object.__setattr__(self, "entities", Entities.parse(self.entities))
        for name, kind in (("pose", PoseMode), ("style", OverlayStyle)):
            value = getattr(self, name)
            if value not in list(kind):
                raise ValueError(f"{name} must be one of {', '.join(kind)}, not {value}.")
            object.__setattr__(self, name, kind(value))
        for name, time in (("start", self.start), ("end", self.end)):
            if time is not None and not (isinstance(time, Real) and math.isfinite(time)):
                raise ValueError(f"{name} must be a number of seconds, not {time}.")
        if self.fps is not None and not (isinstance(self.fps, Real) and self.fps > 0 and math.isfinite(self.fps)):
            raise ValueError(f"fps must be a number above 0, not {self.fps}.")
        if not isinstance(self.correctives, Integral) or self.correctives < 0:
            raise ValueError(f"correctives must be a whole number of at least 0, not {self.correctives}.")
