"""The models that importers read, and their transformation into our frame."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.correspondence import place
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.importing.paint import painted
from expnet_live.heads.importing.parts import HIDDEN
from expnet_live.heads.shapes import Origin, ShapeModel

UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
_HEIGHT = (90.0, 700.0)  # mm, from a face to a bust


@dataclass(frozen=True, eq=False)
class Raw:
    """A model as stored in its files: like ShapeModel, but with `points` and bases in `unit`, y up, looking along z.

    `part` (V,) may be HIDDEN, `colors` None; `known` maps points of the Face Mesh to vertices; `notes` are messages for
    the user.
    """

    kind: str
    points: Array
    identity: Array
    expression: Array
    expression_names: tuple[str, ...]
    signed: bool
    triangles: Array
    part: Array
    unit: str
    colors: Array | None = None
    known: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def in_our_frame(raw: Raw, model: FaceModel, source: Path, checksum: str) -> ShapeModel:
    """Convert it to our frame. Raises UserError if it has no face."""
    size = UNITS[raw.unit]
    points = raw.points.astype(np.float64) * size
    triangles = raw.triangles[(raw.part[raw.triangles] != HIDDEN).all(1)]
    skin = np.intersect1d(np.unique(triangles), np.flatnonzero(raw.part == Part.FACE))
    if not len(skin):
        raise UserError(
            f"{source} has no skin: give the group or material of its face another name than eyes, teeth or hair."
        )
    triangles = _outward(points, triangles, skin)
    placed = place(model, points, triangles, skin, raw.known)
    mean = placed.points(points)
    part = np.where(raw.part == HIDDEN, int(Part.LASHES), raw.part).astype(np.int8)
    colors = painted(model, mean, part, placed.marks) if raw.colors is None else raw.colors
    origin = Origin(
        name=source.name,
        sha256=checksum,
        imported=time.strftime("%Y-%m-%d"),
        unit=raw.unit,
        scale=round(placed.scale, 5),
        distance=round(placed.distance, 3),
    )
    return ShapeModel(
        kind=raw.kind,
        mean=mean,
        identity=placed.directions(raw.identity * np.float32(size)),
        expression=placed.directions(raw.expression * np.float32(size)),
        expression_names=raw.expression_names,
        signed=raw.signed,
        triangles=triangles.astype(np.int32),
        colors=colors,
        part=part,
        marks=placed.marks,
        origin=origin,
        painted=raw.colors is None,
    )


def unit_of(points: Array, source: Path) -> str:
    """The unit that gives the head a realistic size. Raises UserError if there is none."""
    height = float(np.ptp(points[:, 1]))
    for unit, size in UNITS.items():
        if _HEIGHT[0] <= height * size < _HEIGHT[1]:
            return unit
    raise UserError(
        f"{source} is {height:.3g} units high, which does not fit a head in mm, cm or m; scale it to one of them."
    )


def checksum_of(files: Sequence[Path]) -> str:
    """SHA-256 of a file, or of several concatenated in order of name."""
    total = sha256()
    for path in sorted(files, key=lambda p: p.name):
        with path.open("rb") as f:
            while block := f.read(1 << 20):
                total.update(block)
    return total.hexdigest()


def _outward(points: Array, triangles: Array, skin: Array) -> Array:
    """Triangles, counter-clockwise as seen from outside: the foremost skin must face the viewer."""
    depth = points[skin, 2]
    front = skin[depth >= np.quantile(depth, 0.9)]
    facing = NormalOperator(triangles, len(points), front)(points)[:, 2].mean()
    return triangles if facing > 0 else triangles[:, ::-1]
