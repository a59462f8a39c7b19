"""Heads with all that is drawn of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.app.view3d.lines import FaceLines
from expnet_live.heads.head import Head
from expnet_live.live.inference_worker import face_model


@dataclass(frozen=True, eq=False)
class DrawnHead:
    """A head, the geometry that the 3D view draws, and the lines over the camera's picture."""

    head: Head
    geometry: HeadGeometry
    lines: FaceLines


@lru_cache(maxsize=1)
def own_drawn() -> DrawnHead:
    """The built-in head; the first call takes a while. Raises UserError."""
    model = face_model()
    return DrawnHead(model, HeadGeometry.of(model), FaceLines(model))
