"""A BIDS data set with the face as motion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt

_TASK, _SYSTEM = "expression", "expnet"


class BidsMotion(Format):
    name, title, ending = "bids", "Data set (BIDS motion)", "_bids"
    about = "pose, gaze and blendshapes as a BIDS data set of one person, with a table of channels"
    details = (
        "a folder: `sub-01/motion/sub-01_task-expression_tracksys-expnet_motion.tsv` without a header, its channels "
        "(POS in mm, ORNT as quaternion, MISC for gaze and blendshapes, LATENCY in s) and descriptions; gaps are `n/a`"
    )
    opens_in = "MNE-BIDS, FieldTrip, EEGLAB, by way of BIDS"
    one_face = True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        import numpy as np
        from scipy.spatial.transform import Rotation

        from expnet_live.core.arkit import ARKIT
        from expnet_live.core.version import __version__
        from expnet_live.outputs.export.actions import weights_of

        rows = excerpt.rows
        step = excerpt.steps(len(rows))
        weights, remarks = weights_of(excerpt)
        quaternions = np.full((len(rows), 4), np.nan)
        seen = np.isfinite(rows.rotation).all(1)
        if seen.any():
            quaternions[seen] = Rotation.from_rotvec(rows.rotation[seen]).as_quat()
        channels = [
            *((f"head_{a}", a, "POS", "head", "mm") for a in "xyz"),
            *((f"head_q{a}", f"quat_{a}", "ORNT", "head", "n/a") for a in "xyzw"),
            *(
                (f"{eye}_{a}", "n/a", "MISC", f"{eye}_eye", "rad")
                for eye in ("right", "left")
                for a in ("yaw", "pitch")
            ),
            *((name, "n/a", "MISC", "face", "n/a") for name in ARKIT),
            ("latency", "n/a", "LATENCY", "n/a", "s"),
        ]
        latency = rows.time - rows.time[0] if len(rows) else rows.time
        values = np.column_stack([rows.translation, quaternions, rows.gaze.reshape(-1, 4), weights, latency])
        folder = path / "sub-01" / "motion"
        folder.mkdir(parents=True)
        stem = f"sub-01_task-{_TASK}_tracksys-{_SYSTEM}"
        with (folder / f"{stem}_motion.tsv").open("w", encoding="ascii", newline="") as file:
            for row in values.tolist():
                file.write("\t".join("n/a" if np.isnan(v) else f"{v:.6g}" for v in row[:-1]) + f"\t{row[-1]:.6f}\n")
                step(1)
        header = ("name", "component", "type", "tracked_point", "units")
        table = "\n".join("\t".join(row) for row in (header, *channels))
        (folder / f"{stem}_channels.tsv").write_text(table + "\n", encoding="ascii")
        span = float(latency[-1]) if len(rows) > 1 else 0.0
        motion = {
            "TaskName": _TASK,
            "SamplingFrequency": round((len(rows) - 1) / span, 4) if span > 0 else "n/a",
            "TrackingSystemName": "ExpNet Live",
            "SoftwareVersions": __version__,
            "MotionChannelCount": len(channels),
            "POSChannelCount": 3,
            "ORNTChannelCount": 4,
            "MISCChannelCount": 4 + len(ARKIT),
            "LATENCYChannelCount": 1,
            "MissingValues": "n/a",
        }
        frame = {
            "RotationOrder": "n/a", "RotationRule": "right-hand", "SpatialAxes": "RSP",
            "Description": "The camera's position; x to the viewer's right, y up, z from the face towards the camera.",
        }  # fmt: skip
        _json(folder / f"{stem}_motion.json", motion)
        _json(folder / f"{stem}_channels.json", {"reference_frame": {"Levels": {"camera": frame}}})
        made_by = [{"Name": "ExpNet Live", "Version": __version__}]
        name = excerpt.session.folder.name
        _json(path / "dataset_description.json", {"Name": name, "BIDSVersion": "1.9.0", "GeneratedBy": made_by})
        (path / "participants.tsv").write_text("participant_id\nsub-01\n", encoding="ascii")
        return Written(len(rows), remarks)


def _json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


FORMAT = BidsMotion()
