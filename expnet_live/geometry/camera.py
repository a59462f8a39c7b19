"""The camera: scaled orthography (weak perspective), and how it becomes a pose in millimetres.

The camera looks along -z; with focal length f in pixels and principal point (cx, cy), a model
vertex v projects to

    x = cx + f / -tz * ((R v)_x + tx),    y = cy - f / -tz * ((R v)_y + ty).

The true focal length of a webcam is unknown; we assume f = max(width, height), about 53 degrees,
so the distance tz is relative, while rotation and picture coordinates do not depend on f.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array, Pose, alike
from expnet_live.geometry.rotation import matrix_from_vector, turned_about_z


@dataclass(frozen=True)
class Camera:
    """Focal length and principal point in pixels."""

    focal: float
    cx: float
    cy: float

    @classmethod
    def for_image(cls, width: int, height: int) -> Camera:
        return cls(float(max(width, height)), (width - 1) / 2, (height - 1) / 2)

    def pose(self, view: WeakPerspective) -> Pose:
        tz = -self.focal / view.scale
        tx = (view.x - self.cx) / view.scale
        ty = (self.cy - view.y) / view.scale
        return Pose(view.rotation, np.array([tx, ty, tz]))

    def view(self, pose: Pose) -> WeakPerspective:
        tx, ty, tz = (float(t) for t in pose.translation)
        scale = self.focal / -tz
        return WeakPerspective(pose.rotation, scale, self.cx + scale * tx, self.cy - scale * ty)


@dataclass(frozen=True, eq=False)
class WeakPerspective:
    """Rotation vector (3,) rad, scale in pixels per mm, and projection of the model's origin (pixels)."""

    rotation: Array
    scale: float
    x: float
    y: float

    def __eq__(self, other: object) -> bool:
        return alike(self, other)

    def project(self, vertices: Array) -> Array:
        """Picture coordinates and depth (N, 3) of vertices (N, 3) mm: x, y and z in pixels, where larger z is
        nearer.
        """
        turned = np.asarray(vertices) @ matrix_from_vector(self.rotation).T.astype(np.float32)
        out = turned * self.scale
        out[:, 0] += self.x
        out[:, 1] = self.y - out[:, 1]
        return out

    def transformed(self, similarity: Array) -> WeakPerspective:
        """The same view after a similarity (2, 3) [[a, -b, tx], [b, a, ty]] of the picture."""
        (a, _, tx), (b, _, ty) = similarity.tolist()
        # A picture rotation by an angle (y down) is a head rotation by minus that angle about z (y up).
        rotation = turned_about_z(self.rotation, -math.atan2(b, a))
        x, y = a * self.x - b * self.y + tx, b * self.x + a * self.y + ty
        return WeakPerspective(rotation, self.scale * math.hypot(a, b), x, y)


def facing(rotation: Array) -> float:
    """How much a head faces the camera: R[2, 2] of its rotation vector (3,), not below 0."""
    square = float(rotation @ rotation)
    if square < 1e-12:
        return 1.0
    cosine = math.cos(math.sqrt(square))
    return max(0.0, cosine + float(rotation[2]) ** 2 / square * (1 - cosine))
