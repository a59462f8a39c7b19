"""A BIDS data set with the face as motion."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.core.naming import printable
from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expnet_live.outputs.export.excerpt import Excerpt
    from expnet_live.sessions.format.markers import Marker

_SYSTEM, _FRAME = "expnet", "camera"
_KINDS = ("POS", "ORNT", "MISC", "LATENCY", "ACCEL", "ANGACCEL", "GYRO", "JNTANG", "MAGN", "VEL")


class BidsMotion(Format):
    name, title, ending = "bids", "Data set (BIDS motion)", "_bids"
    about = "pose, gaze and blendshapes as a BIDS data set of one person, with a table of channels"
    details = (
        "a folder: `sub-01/motion/sub-01_task-expression_tracksys-expnet_motion.tsv` without a header, its channels "
        "(POS in mm, ORNT as quaternion, MISC for gaze and blendshapes, LATENCY in s) and descriptions; gaps are "
        "`n/a`; markers are events (`sub-01_task-expression_events.tsv`); `--entities "
        "sub-07_ses-2_task-smile`, or *BIDS names* in the window, gives other names"
    )
    opens_in = "MNE-BIDS, FieldTrip, EEGLAB, by way of BIDS"
    takes = frozenset({"fps", "neutral", "gains", "entities"})
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
        entities = excerpt.options.entities
        folder = path.joinpath(*entities.folders, "motion")
        folder.mkdir(parents=True)
        stem = f"{entities.name}_tracksys-{_SYSTEM}"
        with (folder / f"{stem}_motion.tsv").open("w", encoding="ascii", newline="") as file:
            for row in values.tolist():
                file.write("\t".join("n/a" if np.isnan(v) else f"{v:.6g}" for v in row[:-1]) + f"\t{row[-1]:.6f}\n")
                step(1)
        header = ("name", "component", "type", "tracked_point", "units", "reference_frame")
        framed = ((*c, _FRAME if c[2] in ("POS", "ORNT") else "n/a") for c in channels)
        table = "\n".join("\t".join(row) for row in (header, *framed))
        (folder / f"{stem}_channels.tsv").write_text(table + "\n", encoding="ascii")
        span = float(latency[-1]) if len(rows) > 1 else 0.0
        rate = round((len(rows) - 1) / span, 4) if span > 0 else "n/a"
        kinds = Counter(kind for _, _, kind, _, _ in channels)
        motion = {
            "TaskName": entities.task,
            "SamplingFrequency": rate,
            "SamplingFrequencyEffective": rate,
            "TrackingSystemName": "ExpNet Live",
            "SoftwareVersions": __version__,
            "TrackedPointsCount": len({point for _, _, _, point, _ in channels} - {"n/a"}),
            "MotionChannelCount": len(channels),
            **{f"{kind}ChannelCount": kinds[kind] for kind in _KINDS},
            "MissingValues": "n/a",
        }
        _json(folder / f"{stem}_motion.json", motion)
        frame = {
            "RotationOrder": "n/a", "RotationRule": "right-hand", "SpatialAxes": "RSP",
            "Description": "The camera's position; x to the viewer's right, y up, z from the face towards the camera.",
        }  # fmt: skip
        about = (
            "Position and quaternion (x, y, z, w) of the head, yaw and pitch of each eye, ARKit's blendshapes (0..1)."
        )
        _json(
            folder / f"{stem}_channels.json",
            {"Description": about, "reference_frame": {"Levels": {_FRAME: frame}}},
        )
        if marks := excerpt.markers:
            _events(folder / f"{entities.name}_events", marks, float(rows.time[0]))
        name = excerpt.session.info.title or printable(excerpt.session.folder.name)
        _data_set(path, name, f"ExpNet Live {__version__}", excerpt.session.info.started, entities.folders[0])
        return Written(len(rows), remarks)


def _events(stem: Path, marks: Sequence[Marker], start: float) -> None:
    """The markers as events without a duration; their onsets count from the first sample."""
    from expnet_live.sessions.format.markers import plain

    lines = ["onset\tduration\ttrial_type", *(f"{m.time - start:.6f}\t0\t{plain(m.label) or 'n/a'}" for m in marks)]
    stem.with_suffix(".tsv").write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")
    about = {
        "Description": "Markers that were set during the recording or afterwards.",
        "trial_type": {"LongName": "Label", "Description": "The marker's label."},
    }
    _json(stem.with_suffix(".json"), about)


def _data_set(path: Path, name: str, program: str, started: str, subject: str) -> None:
    """What describes the data set as a whole."""
    made_by = dict(zip(("Name", "Version"), program.rsplit(" ", 1), strict=True))
    about = {"Name": name, "BIDSVersion": "1.9.0", "DatasetType": "raw", "GeneratedBy": [made_by]}
    _json(path / "dataset_description.json", about)
    (path / "README.md").write_text(
        f"# {name}\n\nThe expression of one face, recorded at {started} with a camera and estimated by {program}, "
        "without markers on the face: pose of the head, gaze and ARKit's 52 blendshapes for each picture. The columns "
        "of `*_motion.tsv` are described in `*_channels.tsv`.\n",
        encoding="utf-8",
        newline="\n",
    )
    (path / "participants.tsv").write_text(f"participant_id\n{subject}\n", encoding="ascii", newline="\n")
    _json(path / "participants.json", {"Description": "The person whose face was recorded."})


def _json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


FORMAT = BidsMotion()
