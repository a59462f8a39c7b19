"""The table of OpenFace 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt

_PRESENT = 1.0  # of an intensity of 0..5, level A of FACS


class OpenFace(Format):
    name, title, ending = "openface", "Table of OpenFace 2 (CSV)", "_openface.csv"
    about = "pose, gaze and action units, for programs that read OpenFace 2"
    details = (
        "OpenFace 2's names, axes, units and decimals, without landmarks; action units follow from the blendshapes and "
        "are not calibrated to human coders; rotation and gaze are seen along the line of sight, OpenFace's "
        "against the camera's axes: at the sides of the picture they differ by the face's direction; what is not known "
        "is empty, never 0"
    )
    opens_in = "scripts for OpenFace 2, Py-Feat's `read_openface`"

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        import numpy as np

        from expnet_live.outputs.channels import ACTION_UNITS, LIP_SUCK
        from expnet_live.outputs.export.actions import camera_pose, gaze_directions, texts, weights_of, write_columns
        from expnet_live.sessions.format.table import MARKER

        rows = excerpt.rows
        step = excerpt.steps(len(rows))
        weights, remarks = weights_of(excerpt)
        gaze, (translation, angles) = gaze_directions(rows), camera_pose(rows)
        mean = gaze.mean(1)
        units, suck = ACTION_UNITS.values(weights), LIP_SUCK.values(weights)
        table = {
            "frame": [str(f + 1) for f in rows.frame.tolist()],  # OpenFace counts from 1
            "face_id": [str(max(f, 0)) for f in rows.face.tolist()],
            "timestamp": texts(rows.time, 3),
            "confidence": texts(rows.confidence, 2),
            "success": [str(int(f >= 0)) for f in rows.face.tolist()],
        }
        for eye in (0, 1):
            table |= {f"gaze_{eye}_{a}": texts(gaze[:, eye, i], 6) for i, a in enumerate("xyz")}
        table["gaze_angle_x"] = texts(np.arctan2(mean[:, 0], -mean[:, 2]), 3)
        table["gaze_angle_y"] = texts(np.arctan2(mean[:, 1], -mean[:, 2]), 3)
        table |= {f"pose_T{a}": texts(translation[:, i], 1) for i, a in enumerate("xyz")}
        table |= {f"pose_R{a}": texts(angles[:, i], 3) for i, a in enumerate("xyz")}
        table |= {f"{name}_r": texts(units[:, i], 2) for i, name in enumerate(ACTION_UNITS.names)}
        present = dict(zip((*ACTION_UNITS.names, *LIP_SUCK.names), np.hstack([units, suck]).T, strict=True))
        for name in sorted(present):
            there = np.where(np.isnan(present[name]), np.nan, present[name] >= _PRESENT)
            table[f"{name}_c"] = texts(there, 0)
        if labels := excerpt.labels():  # otherwise exactly the other program's columns
            table[MARKER] = labels
        write_columns(path, table, "utf-8")
        step(len(rows))
        return Written(len(rows), remarks)


FORMAT = OpenFace()
