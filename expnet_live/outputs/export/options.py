"""What an export is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from expnet_live.outputs.export.pose import PoseMode


class Format(StrEnum):
    CSV = "csv"
    PARQUET = "parquet"
    NPZ = "npz"
    PLY = "ply"
    OBJ = "obj"
    GLB = "glb"
    BVH_HEAD = "bvh-head"
    OVERLAY = "overlay"


# What follows the session's name in that of its export; meshes make a folder.
ENDINGS = {
    Format.CSV: ".csv",
    Format.PARQUET: ".parquet",
    Format.NPZ: ".npz",
    Format.PLY: "_ply",
    Format.OBJ: "_obj",
    Format.GLB: ".glb",
    Format.BVH_HEAD: "_head.bvh",
    Format.OVERLAY: "_overlay.mp4",
}
MOST_CORRECTIVES = 256
TABLES = (Format.CSV, Format.PARQUET, Format.NPZ)
HEADS = (Format.PLY, Format.OBJ, Format.GLB)


@dataclass(frozen=True)
class ExportOptions:
    """`start`, `end` in seconds of the session; `fps` to resample to, None for the recorded moments.

    `face`: which one, None for all of them in tables and overlays, and else for the one seen most. `neutral`, `gains`:
    whether the profile's are applied, as they were in the window. `face_model`: another file than the built-in one.
    `head`: the imported head that wears the face, in the formats of HEADS.
    """

    format: Format
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
