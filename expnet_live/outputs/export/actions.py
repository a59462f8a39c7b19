"""Converts rows to the conventions of other programs: ARKit's weights, and pose and gaze in a camera's axes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, directions_of
from expnet_live.heads.face_model import FaceModel
from expnet_live.outputs.export.excerpt import Excerpt
from expnet_live.sessions.format.table import Rows

# x right, y down, z away from the camera, as in OpenFace and OpenCV, in our frame; its own inverse.
_CAMERA = np.diag([1.0, -1.0, -1.0])
NEAREST = "The session has no blendshapes, so those nearest to its coefficients are used."


def weights_of(excerpt: Excerpt) -> tuple[Array, tuple[str, ...]]:
    """ARKit's weights (R, 52), NaN without a face or if unknown, and remarks.

    If the model predicts none, they are those nearest to its coefficients, if its face model is available.
    """
    rows = excerpt.rows
    weights = rows.blendshapes.astype(np.float32)
    missing = np.flatnonzero((rows.face >= 0) & ~np.isfinite(weights).all(1))
    if not len(missing):
        return weights, ()
    try:
        model = excerpt.face_model()
    except UserError:
        return weights, ("The session has no blendshapes, and its face model is missing, so their columns are empty.",)
    if not isinstance(model, FaceModel):
        return weights, ("The session has no blendshapes, so their columns are empty.",)
    weights = weights.copy()
    for i in missing:
        weights[i] = model.blendshapes_of(rows.expression[i])
    return weights, (NEAREST,)


def camera_pose(rows: Rows) -> tuple[Array, Array]:
    """Translation (R, 3) in mm and angles (R, 3) in rad about x, y, z, the matrix being Rx Ry Rz, in a camera's axes;
    NaN without a face."""
    translation = rows.translation.astype(np.float64) @ _CAMERA
    angles = np.full((len(rows), 3), np.nan)
    seen = np.isfinite(rows.rotation).all(1)
    if seen.any():
        turned = Rotation.from_rotvec(rows.rotation[seen].astype(np.float64) @ _CAMERA)
        angles[seen] = turned.as_euler("XYZ")
    return translation, angles


def gaze_directions(rows: Rows) -> Array:
    """Unit vectors (R, 2, 3) of the gaze, the person's right eye first, in a camera's axes; NaN if unknown."""
    own = directions_of(rows.gaze)
    out = np.full(own.shape, np.nan)
    seen = np.flatnonzero(np.isfinite(rows.rotation).all(1))
    if len(seen):
        matrices = Rotation.from_rotvec(rows.rotation[seen].astype(np.float64)).as_matrix()
        out[seen] = np.einsum("rij,rej->rei", matrices, own[seen]) @ _CAMERA
    return out


def texts(values: Array, digits: int) -> list[str]:
    """Numbers with that many decimals; unknown ones are empty."""
    return ["" if np.isnan(v) else f"{v + 0.0:.{digits}f}" for v in values.tolist()]


def write_columns(path: Path, columns: Mapping[str, Sequence[str]], encoding: str) -> None:
    """Write a CSV file with these columns, all of the same length, below a line of their names."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
