"""Gaze labels from iris landmarks: the direction of each eye in the head's frame."""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.eyes import EYE_RADIUS, IRIS_RADIUS, eye_center
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import LEFT_IRIS, RIGHT_IRIS, topology_of_triangles
from expnet_live.research.training.labels import LabelSet

LEVER = float(np.sqrt(EYE_RADIUS**2 - IRIS_RADIUS**2))  # mm from an eye's centre to its iris' plane
LIMIT = 0.8  # rad


def gaze_labels(labels: LabelSet, landmarks: Array, model: FaceModel, rows: Array) -> Array:
    """Gaze (n, 2, 2) of the photos `rows`: the right eye, then the left; yaw (right > 0), pitch (up > 0), rad.

    Photographed people mostly look into the camera: the median offset from it, an error of the
    eye's assumed position, is subtracted.
    """
    topology = topology_of_triangles(model.base_triangles)
    rotation = matrix_from_vector(labels.rotation[rows]).astype(np.float32)
    out = np.zeros((len(rows), 2, 2), np.float32)
    scale, origin = labels.scale[rows], labels.origin[rows]
    for k, (ring, iris) in enumerate([(topology.right_eye, RIGHT_IRIS), (topology.left_eye, LEFT_IRIS)]):
        center = eye_center(model.mean, ring)
        used = np.unique(center.matrix.indices)
        weights = np.asarray(center.matrix[:, used].todense())[0].astype(np.float32)
        basis = np.concatenate([model.mean[None, used], model.expression[:, used], model.identity[:, used]])
        basis = np.einsum("p,kpi->ki", weights, basis)
        beta = np.concatenate([np.ones((len(rows), 1)), labels.expression[rows], labels.identity[rows]], 1)
        middle = np.einsum("nij,nj->ni", rotation, beta @ basis + center.offset)
        seen = landmarks[rows, iris, :2]
        dx = (seen[:, 0] - origin[:, 0]) / scale - middle[:, 0]
        dy = (origin[:, 1] - seen[:, 1]) / scale - middle[:, 1]
        dx, dy = dx - np.median(dx), dy - np.median(dy)
        dz = np.sqrt(np.maximum(LEVER**2 - dx**2 - dy**2, (0.3 * LEVER) ** 2))
        direction = np.einsum("nji,nj->ni", rotation, np.stack([dx, dy, dz], 1))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        out[:, k, 0] = np.arctan2(direction[:, 0], direction[:, 2])
        out[:, k, 1] = np.arcsin(np.clip(direction[:, 1], -1, 1))
    # Single irises are too inaccurate to treat the eyes separately, and eyes mostly move together.
    out[:] = out.mean(1, keepdims=True)
    result: Array = np.clip(out, -LIMIT, LIMIT)
    return result
