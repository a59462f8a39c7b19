"""Rotation vectors and matrices (Rodrigues' formula), numpy, batched over leading axes."""

from __future__ import annotations

import math

import cv2
import numpy as np

from expnet_live.core.types import Array


def matrix_from_vector(vector: Array) -> Array:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3) in radians."""
    v = np.asarray(vector, np.float64)
    if v.shape == (3,):
        # Fast path for a single rotation, which each frame needs several times: 1 µs instead of 40.
        single: Array = cv2.Rodrigues(v)[0]
        return single
    angle = np.linalg.norm(v, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(v, -1, 0)
    o = np.zeros_like(x)
    skew = np.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*x.shape, 3, 3)
    safe = np.where(angle > 1e-8, angle, 1.0)
    sin = np.where(angle > 1e-8, np.sin(safe) / safe, 1.0)
    cos = np.where(angle > 1e-8, (1 - np.cos(safe)) / safe**2, 0.5)
    result: Array = np.eye(3) + sin * skew + cos * (skew @ skew)
    return result


def vector_from_matrix(matrix: Array) -> Array:
    """Rotation vectors (..., 3) of rotation matrices (..., 3, 3), angle in [0, pi]."""
    m = np.asarray(matrix, np.float64)
    if m.shape == (3, 3):
        single: Array = cv2.Rodrigues(m)[0][:, 0]
        return single
    from scipy.spatial.transform import Rotation

    flat = Rotation.from_matrix(m.reshape(-1, 3, 3)).as_rotvec()
    result: Array = flat.reshape(*m.shape[:-2], 3)
    return result


def quaternion(vector: Array) -> tuple[float, float, float, float]:
    """x, y, z, w of a rotation vector (3,)."""
    x, y, z = np.asarray(vector, np.float64).tolist()
    angle = math.sqrt(x * x + y * y + z * z)
    k = math.sin(angle / 2) / angle if angle > 1e-9 else 0.5
    return k * x, k * y, k * z, math.cos(angle / 2)


def matrix_rows(x: float, y: float, z: float, w: float) -> list[list[float]]:
    """The rows of the rotation matrix of a unit quaternion; without numpy, which takes longer for so few numbers."""
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]


def turned_about_z(vector: Array, angle: float) -> Array:
    """The rotation vector (3,) of a rotation `vector` (3,) that is followed by one about z (rad)."""
    x, y, z, w = quaternion(vector)
    cos, sin = math.cos(angle / 2), math.sin(angle / 2)
    x, y, z, w = cos * x - sin * y, cos * y + sin * x, cos * z + sin * w, cos * w - sin * z
    length = math.hypot(x, y, z)
    # -q is the same rotation as q; of both, the smaller angle.
    k = 2 * math.atan2(length, abs(w)) / length if length > 1e-9 else 2.0
    k = math.copysign(k, w)
    return np.array([k * x, k * y, k * z])


def turns(vector: Array) -> tuple[float, float, float]:
    """Yaw, pitch and roll in radians of a rotation vector (3,), about y, then the turned x, then the turned z.

    Positive yaw turns a head to the viewer's right, pitch turns it down, and roll turns it counter-clockwise as seen by
    the viewer. At a pitch of 90 degrees, yaw holds the whole remaining rotation.
    """
    (m00, _, m02), (m10, m11, m12), (m20, _, m22) = matrix_rows(*quaternion(vector))
    pitch = math.asin(min(max(-m12, -1.0), 1.0))
    if abs(m12) > 1 - 1e-9:
        return math.atan2(-m20, m00), pitch, 0.0
    return math.atan2(m02, m22), pitch, math.atan2(m10, m11)
