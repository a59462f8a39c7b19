"""A face over time as a folder of meshes, one per moment at which the face is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.head import Head
from expnet_live.meshes.files import write_mesh
from expnet_live.outputs.export.pose import PoseMode, posed
from expnet_live.sessions.format.table import Rows

INDEX = "frames.csv"
_NOWHERE = np.zeros(3, np.float32)


def write_meshes(
    folder: Path,
    suffix: str,
    head: Head,
    rows: Rows,
    identity: Array,
    *,
    numbers: Array,
    pose: PoseMode,
    step: Callable[[int], None],
) -> None:
    """Make `folder` with 000123.ply or .obj for each of a track's rows, called by `numbers` (T,), in mm.

    frames.csv in it tells the time of each; gaps have no file.
    """
    folder.mkdir()
    lines = ["file,timestamp_s"]
    for i in range(len(rows)):
        if rows.face[i] >= 0:
            vertices = head.vertices(rows.expression[i], identity, rows.gaze_of(i), rows.blendshapes_of(i))
            normals = head.normals(vertices)
            name = f"{numbers[i]:06d}{suffix}"
            write_mesh(
                folder / name,
                posed(vertices, rows.rotation[i], rows.translation[i], pose),
                head.triangles,
                normals=posed(normals, rows.rotation[i], _NOWHERE, pose),
                colors=head.colors,
            )
            lines.append(f"{name},{rows.time[i]:.6f}")
        step(1)
    (folder / INDEX).write_text("\n".join(lines) + "\n", encoding="utf-8")
