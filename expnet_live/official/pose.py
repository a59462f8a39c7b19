"""Interprets FacePoseNet's six numbers, as the release applies them, and exactly.

They are a rotation vector r (rad) and a translation t (mm) in a camera that looks along +z, x right and y down, with
focal length 2880 and principal point (112, 112) in a crop of 224 pixels. The mesh has y up and z towards the viewer, so
with D = diag(1, -1, -1) a vertex v is at R(r) D v + t, and in a frame like the mesh's at

    D (R(r) D v + t) = R(D r) v + D t.

The release rotates by R(D r), but moves by (-tx, ty, tz): right for viewing a mesh, wrong for an overlay.
"""

from __future__ import annotations

import numpy as np

from expnet_live.core.types import Array, Pose
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.official.crop import SIZE

FOCAL, PRINCIPAL, CROP = 2880.0, 112.0, 224
_D = np.array([1.0, -1.0, -1.0])


def as_released(vertices: Array, pose: Array) -> Array:
    """Vertices (V, 3) as in the release's PLY files; `pose` (6,)."""
    rotation, translation = np.asarray(pose[:3], np.float64) * _D, np.asarray(pose[3:], np.float64) * (-1, 1, 1)
    posed: Array = vertices @ matrix_from_vector(rotation).T + translation
    return posed


def exact(pose: Array) -> Pose:
    """The pose in the crop's camera in our conventions: z < 0 in front."""
    return Pose(pose[:3] * _D, pose[3:] * _D)


def seen(vertices: Array, pose: Array) -> Array:
    """Project vertices (V, 3) into the crop of 227 pixels, (V, 2), with the exact perspective."""
    p = exact(pose)
    x, y, z = (vertices @ matrix_from_vector(p.rotation).T + p.translation).T
    return _in_crop(np.stack([PRINCIPAL - FOCAL * x / z, PRINCIPAL + FOCAL * y / z], 1))


def view(pose: Array, middle: Array, origin: Array) -> WeakPerspective:
    """The weak perspective in the crop of 227 pixels that is exact at the point `middle` (3,) of the mesh.

    `origin` (3,) is the point of the mesh that counts as the origin of the model that is looked at.
    """
    p = exact(pose)
    turn = matrix_from_vector(p.rotation)
    depth = -(turn @ middle + p.translation)[2]
    scale = FOCAL / depth * SIZE / CROP
    x, y = seen(middle[None], pose)[0]
    dx, dy, _ = turn @ (origin - middle) * scale
    return WeakPerspective(p.rotation, float(scale), float(x + dx), float(y - dy))


def _in_crop(points: Array) -> Array:
    """Convert pixels of 224 to those of 227; an integer is the centre of a pixel."""
    result: Array = (points + 0.5) * (SIZE / CROP) - 0.5
    return result


def from_view(view: WeakPerspective) -> Array:
    """The six numbers (6,) equivalent, at the origin of a mesh, to a weak perspective in the crop of 227 pixels."""
    scale = view.scale * CROP / SIZE
    x, y = ((v + 0.5) * CROP / SIZE - 0.5 - PRINCIPAL for v in (view.x, view.y))
    return np.concatenate([view.rotation * _D, [x / scale, y / scale, FOCAL / scale]]).astype(np.float32)
