"""A head with all that is drawn of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.app.view3d.lines import FaceLines
from expnet_live.heads.head import Head
from expnet_live.live.inference_worker import face_model


@dataclass(frozen=True, eq=False)
class Drawn:
    """A head with what is drawn of it."""

    head: Head
    geometry: HeadGeometry
    lines: FaceLines


@lru_cache(maxsize=1)
def own_drawn() -> Drawn:
    """The built-in one; the first call takes a while. Raises UserError."""
    model = face_model()
    return Drawn(model, HeadGeometry.of(model), FaceLines(model))
