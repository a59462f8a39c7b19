"""Heads with all that is drawn of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from expnet_live.app.view3d.avatar_geometry import AvatarGeometry
from expnet_live.app.view3d.geometry import HeadGeometry
from expnet_live.app.view3d.lines import FaceLines
from expnet_live.avatars.avatar import Avatar
from expnet_live.heads.built_in import face_model
from expnet_live.heads.head import Head
from expnet_live.heads.look import USUAL, Look

Drawable = HeadGeometry | AvatarGeometry


def drawable(head: Head) -> Drawable:
    """What the 3D view draws of a head, which takes a while to make."""
    return AvatarGeometry.of(head) if isinstance(head, Avatar) else HeadGeometry.of(head)


@dataclass(frozen=True, eq=False)
class DrawnHead:
    """A head, the geometry that the 3D view draws, and the lines over the camera's picture."""

    head: Head
    geometry: Drawable
    lines: FaceLines


@lru_cache(maxsize=2)
def own_drawn(look: Look = USUAL) -> DrawnHead:
    """The built-in head in a look; the first call takes a while. Raises UserError."""
    model = face_model().dressed(look)
    return DrawnHead(model, HeadGeometry.of(model), FaceLines(model))
