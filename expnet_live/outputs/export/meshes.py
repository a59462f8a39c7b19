"""A face over time as a folder of meshes, one per moment with the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from expnet_live.avatars.avatar import posed as drawn_head
from expnet_live.avatars.swinging import Swings
from expnet_live.core.types import Pose
from expnet_live.meshes.files import write_mesh
from expnet_live.outputs.export.actions import write_columns
from expnet_live.outputs.export.excerpt import Excerpt
from expnet_live.outputs.export.format import Written
from expnet_live.outputs.export.pose import PoseMode, posed
from expnet_live.sessions.format.table import MARKER, time_text

INDEX = "frames.csv"
_NOWHERE = np.zeros(3, np.float32)


def write_meshes(excerpt: Excerpt, folder: Path, suffix: str) -> Written:
    """Make `folder` with a mesh (mm), such as 000123.ply or .obj, for each row of a track.

    Files are named by frame number, or numbered consecutively at a fixed rate. frames.csv gives the time of each; gaps
    have no file.
    """
    head, rows, identity, pose = excerpt.wearer(), excerpt.rows, excerpt.identity, excerpt.options.pose
    numbers = rows.frame if excerpt.fps is None else np.arange(len(rows))
    step = excerpt.steps(len(rows))
    swings = Swings(excerpt.options.swing)
    folder.mkdir()
    labels = excerpt.labels()
    table: dict[str, list[str]] = {"file": [], "timestamp_s": [], **({MARKER: []} if labels else {})}
    for i in range(len(rows)):
        if rows.face[i] >= 0:
            state = rows.expression[i], identity, rows.gaze_of(i), rows.blendshapes_of(i)
            measured = Pose(rows.rotation[i], rows.translation[i])
            turned, time = pose is not PoseMode.NONE, float(rows.time[i])
            drawn = drawn_head(head, *state, measured, turned, swings, time)
            rotation, translation = drawn.pose.rotation, drawn.pose.translation
            name = f"{numbers[i]:06d}{suffix}"
            write_mesh(
                folder / name,
                posed(drawn.vertices, rotation, translation, pose),
                head.triangles,
                normals=posed(drawn.normals, rotation, _NOWHERE, pose),
                colors=head.colors,
            )
            texts = (name, time_text(rows.time[i]), *labels[i : i + 1])
            for column, text in zip(table.values(), texts, strict=True):
                column.append(text)
        step(1)
    write_columns(folder / INDEX, table, "utf-8")
    return Written(int((rows.face >= 0).sum()))
