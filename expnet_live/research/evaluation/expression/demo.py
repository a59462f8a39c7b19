"""The demo clip's ground truth as ARKit's actions.

The clip's table gives coefficients of the face model in sd. An action's strength is the largest displacement of a point
by the coefficient, in mm, divided by the largest displacement of a point by the rig's full action.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.rig import EYE_PITCH, EYE_YAW, Rig

# Coefficients with a sign, and the actions of their two directions (positive first). Positive is the person's left.
_SIGNED = {"jawLeft": ("jawLeft", "jawRight"), "mouthLeft": ("mouthLeft", "mouthRight")}


def demo_truth(path: Path, model: FaceModel, rig: Rig) -> Array:
    """Strengths (T, 52) in the frames of the clip with the table `path`; NaN for actions that it lacks."""
    with path.open(newline="") as f:
        rows = list(csv.DictReader(f))
    columns = {name: np.array([float(r[name]) for r in rows]) for name in rows[0]}
    truth = np.full((len(rows), N_BLENDSHAPES), np.nan)
    if all(name in columns for name in ARKIT):
        return np.stack([columns[name] for name in ARKIT], 1)
    reach = {name: float(np.linalg.norm(rig.base[i], axis=1).max()) for i, name in enumerate(ARKIT)}
    for name in model.names:
        if name not in columns:
            continue
        moved = columns[name] * float(np.linalg.norm(model.expression[model.index(name)], axis=1).max())
        for action, sign in zip(_SIGNED.get(name, (name,)), (1, -1), strict=False):
            if action in INDEX:
                truth[:, INDEX[action]] = np.maximum(sign * moved, 0) / reach[action]
    yaw, pitch = columns["gaze_yaw"] / EYE_YAW, columns["gaze_pitch"] / EYE_PITCH
    for side, outwards in (("Left", 1), ("Right", -1)):
        truth[:, INDEX[f"eyeLookOut{side}"]] = np.maximum(outwards * yaw, 0)
        truth[:, INDEX[f"eyeLookIn{side}"]] = np.maximum(-outwards * yaw, 0)
        truth[:, INDEX[f"eyeLookUp{side}"]] = np.maximum(pitch, 0)
        truth[:, INDEX[f"eyeLookDown{side}"]] = np.maximum(-pitch, 0)
    return truth
