"""The ICT Face Model Light: heads of many shapes with known ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.records import read_json
from expnet_live.core.types import Array


@dataclass(frozen=True, eq=False)
class IctHead:
    """The light model: neutral (V, 3) and identity (K, V, 3) in cm, triangles (F, 3), and iBUG's 68 vertices."""

    neutral: Array
    identity: Array
    triangles: Array
    landmarks: Array

    @classmethod
    def load(cls, path: Path, indices: Path) -> IctHead:
        """Load it from the model's arrays (npz) and its vertex_indices.json. Raises UserError."""
        try:
            with np.load(path, allow_pickle=False) as z:
                neutral, identity, quads = z["neutral"].astype(np.float64), z["identity"], z["quads"]
            landmarks = np.array(read_json(indices.read_text(encoding="utf-8"))["idx_to_landmark_verts"])
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise UserError(
                f"{path} and {indices} are not the ICT Face Model Light's arrays and vertex indices; choose those."
            ) from e
        triangles = np.concatenate([quads[:, :3], quads[quads[:, 3] >= 0][:, [0, 2, 3]]])
        return cls(neutral, identity, triangles, landmarks)

    def of(self, weights: Array) -> Array:
        """The head (V, 3) in cm of identity weights (K,)."""
        result: Array = self.neutral + np.tensordot(weights, self.identity[: len(weights)].astype(np.float64), 1)
        return result


def off_axis(ball: Array) -> Array:
    """The angles (n, 1) rad of an eyeball's vertices (n, 3), at rest, from the axis along which it looks."""
    axis = ball - (ball.min(0) + ball.max(0)) / 2
    return np.asarray(np.arccos(np.clip(axis[:, 2] / np.linalg.norm(axis, axis=1), -1, 1))[:, None])
