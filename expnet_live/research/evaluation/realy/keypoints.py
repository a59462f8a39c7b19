"""Our mesh for the REALY benchmark, and the positions of its 85 keypoints.

Keypoints 0 to 67 are iBUG's; of the others, the benchmark uses 70 and 71 (beside the wings of the nose) and
76 and 77 (on the cheeks). No text gives the exact positions of these four or describes the other thirteen: they are a
reconstruction, and the thirteen only fill the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.records import read_json
from expnet_live.core.types import Array
from expnet_live.geometry.closest import ClosestPoint
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.topology import N_BASE, ibug_points
from expnet_live.research.evaluation.realy.align import N_KEYPOINTS, Surface

# 68 .. 84, reconstructed; pairs are right and left.
_MORE = (109, 338, 129, 358, 10, 151, 50, 280, 205, 425, 172, 397, 199, 9, 8, 187, 411)


def face_mesh_keypoints(points: Array) -> Array:
    """The 85 keypoints (85, 3) from Face Mesh points (468, 3)."""
    return np.concatenate([ibug_points(points), points[list(_MORE)]])


class Template:
    """Our face with the skin of the skull around it, without eyes, teeth, ears and lashes, for the benchmark."""

    def __init__(self, model: FaceModel) -> None:
        anatomy = model.anatomy
        triangles = anatomy.triangles_of(Part.FACE, Part.SHELL)
        self._kept, flat = np.unique(triangles, return_inverse=True)
        self.triangles: Array = flat.reshape(-1, 3).astype(np.int32)
        self.vertices: Array = self.of(model.vertices(np.zeros(len(model.names), np.float32)))
        # Base points come first among the vertices, and all are kept.
        surface = ClosestPoint(self.vertices, self.triangles)
        triangle, weights = surface.located(face_mesh_keypoints(self.vertices[:N_BASE]))
        self.barycentric: Array = np.column_stack([triangle, weights[:, :2]])

    def of(self, vertices: Array) -> Array:
        """The template's vertices, selected from those of the whole head."""
        return vertices[self._kept]


def keypoints_on(vertices: Array, triangles: Array, barycentric: Array) -> Array:
    """The keypoints (85, 3) on a mesh; rows of `barycentric`: triangle, weight of its first and second corner."""
    rows = np.asarray(barycentric, np.float64)
    u, v = rows[:, 1:2], rows[:, 2:3]
    a, b, c = vertices[triangles[rows[:, 0].astype(int)]].swapaxes(0, 1)
    result: Array = u * a + v * b + (1 - u - v) * c
    return result


def read_barycentric(path: Path, mesh: Surface) -> Array:
    """The keypoint file of a topology: JSON, 85 rows of triangle, weight, weight. Raises UserError."""
    try:
        rows = np.array(read_json(path.read_text(encoding="utf-8")), np.float64)
    except (OSError, ValueError, TypeError) as e:
        raise UserError(
            f"{path} is not a keypoint file; it must have 85 rows [triangle, weight, weight] in JSON."
        ) from e
    if rows.shape != (N_KEYPOINTS, 3):
        raise UserError(f"{path} must have 85 rows [triangle, weight, weight], not an array of {rows.shape}.")
    if rows[:, 0].min() < 0 or rows[:, 0].max() >= len(mesh.triangles):
        raise UserError(f"{path} refers to triangles that the template lacks; it belongs to another mesh.")
    return rows
