"""Colours for a head without its own: those of our face, and of eyes, teeth and tongue."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from expnet_live.core.types import Array
from expnet_live.heads import eyes
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.imported import sphere_center
from expnet_live.heads.look import USUAL

_TEETH, _GUMS, _INSIDE = (236.0, 228.0, 214.0), (178.0, 92.0, 88.0), (120.0, 52.0, 50.0)
_SOCKET = (205.0, 140.0, 128.0)
_FADE = (6.0, 26.0)  # mm from our face over which its colours fade to those of the skin
_NEAR = 4  # number of our points that colour one


def painted(model: FaceModel, points: Array, part: Array, marks: Array) -> Array:
    """RGB uint8 (V, 3) of a head's resting points (V, 3), in our frame."""
    colors = _skin(model, points, marks)
    for p, color in (
        (Part.UPPER_TEETH, _TEETH), (Part.LOWER_TEETH, _TEETH), (Part.TONGUE, _GUMS),
        (Part.MOUTH, _INSIDE), (Part.LID_RIM, _SOCKET),
    ):  # fmt: skip
        colors[part == p] = color
    for side in (Part.RIGHT_EYE, Part.LEFT_EYE):
        ball = np.flatnonzero(part == side)
        if len(ball):
            colors[ball] = _eye(points[ball])
    return np.clip(np.round(colors), 0, 255).astype(np.uint8)


def _skin(model: FaceModel, points: Array, marks: Array) -> Array:
    """Our colours at the nearest points of our fitted face, smoothed; plain skin far from them."""
    own, triangles = model.vertices(np.zeros(len(model.names)))[: model.n_face], model.face_triangles
    # Our drawn face follows its base points; its other vertices move like the base points near them.
    moved = points[marks] - model.mean
    away, near = cKDTree(model.mean).query(own, k=_NEAR)
    weights = 1 / (away + 0.1)
    fitted = own + (weights[..., None] * moved[near]).sum(1) / weights.sum(1)[:, None]
    away, near = cKDTree(fitted).query(points, k=_NEAR)
    weights = 1 / (away + 0.3)
    face = (weights[..., None] * model.colors[near].astype(float)).sum(1) / weights.sum(1)[:, None]
    plain = np.median(model.colors[np.unique(triangles)], axis=0)
    fade = np.clip((away[:, 0] - _FADE[0]) / (_FADE[1] - _FADE[0]), 0, 1)[:, None]
    return face + (plain - face) * fade * fade * (3 - 2 * fade)


def _eye(ball: Array) -> Array:
    """Iris and pupil on the front of an eyeball (n, 3) that looks along z."""
    at = ball - sphere_center(ball)
    radius = np.linalg.norm(at, axis=1)
    polar = np.arccos(np.clip(at[:, 2] / radius, -1, 1))
    size = float(np.median(radius))
    pupil, limbus = np.arcsin(eyes.PUPIL_RADIUS / size), np.arcsin(eyes.IRIS_RADIUS / size)
    return eyes.eye_colors(polar, np.arctan2(at[:, 1], at[:, 0]), pupil, limbus, USUAL.iris)
