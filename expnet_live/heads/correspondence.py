"""Finds the points of the Face Mesh on another head.

Our face model is fitted to the head's surface: similarity and identity alternate with a search for the closest points,
which must face the same way (a deforming ICP, after Amberg et al., *Optimal step nonrigid ICP*, 2007). Points whose
positions on the head are known hold their surroundings in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.geometry.alignment import similarity
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import CHIN, IBUG, NOSE_TIP

_ROUNDS = 14
_NEIGHBOURS = 16
_AGAINST = 4.0  # mm of extra distance for each unit by which a normal deviates
_FAR = 6.0  # mm beyond which a point has little influence
_HOLD = 6.0  # mm around a known point in which others follow it
_RIDGE = 20.0  # mm², ridge on identity in standard deviations
_WORST = 6.0  # mm, root mean square: above this it is not a face, or does not look along z

# The wings of the nose and the points between a corner and the middle of the lips: iBUG's annotators place them by eye,
# and the ICT head's are elsewhere than `topology.IBUG` has them. Its inner lips and wings are nearer to these (2.6 mm
# instead of 3.6, after a thin-plate spline through the others), its outer lips are not (4.0 instead of 3.1). The rig is
# made with them, and with those of `topology.IBUG` its lips would lie up to 4 mm elsewhere.
_ON_HEADS = {31: 98, 35: 327, 49: 40, 53: 270, 55: 321, 59: 91, 61: 81, 63: 311, 65: 402, 67: 178}

# The 68 points of iBUG except the outline of the jaw, and the Face Mesh's points at the same positions of other heads.
# Those of a face in a picture, for other programs and for REALY, are `topology.IBUG`.
_INNER = {i: point for i, point in enumerate(IBUG) if i > 16 and isinstance(point, int)}
IBUG_ON_HEADS = dict(sorted(({8: CHIN} | _INNER | _ON_HEADS).items()))


@dataclass(frozen=True, eq=False)
class Placement:
    """`marks` (468,) are vertices; `scale * points @ rotation + translation` brings the head into our frame.

    `distance` (mm): root mean square between our fitted face and the marks.
    """

    marks: Array
    scale: float
    rotation: Array
    translation: Array
    distance: float

    def points(self, points: Array) -> Array:
        return (self.directions(points) + self.translation).astype(np.float32)

    def directions(self, directions: Array) -> Array:
        out: Array = self.scale * directions @ self.rotation
        return out.astype(np.float32)


def place(model: FaceModel, points: Array, triangles: Array, skin: Array, known: Mapping[int, int]) -> Placement:
    """Find our face on a head of vertices (V, 3) mm with y up, looking along z.

    `skin` are the vertices that may belong to the face; `known` maps points of the Face Mesh to vertices.
    Raises UserError if there is no face.
    """
    if len(skin) < len(model.mean):
        raise UserError(f"No face was found on the head: {len(skin)} skin vertices are too few.")
    outward = NormalOperator(triangles, len(points))(points)
    tree = cKDTree(points[skin])
    facing = NormalOperator(model.base_triangles, len(model.mean))
    anchors, places = (np.array(list(side), np.int64) for side in (known.keys(), known.values()))
    scale, turn, shift = _start(model, points, skin, anchors, places)
    rows = np.arange(len(model.mean))
    face = model.mean.astype(np.float64)
    for i in range(_ROUNDS):
        # Transform into the head's own frame, in which its search tree is.
        at, normals = ((face - shift) / scale) @ turn.T, facing(face) @ turn.T
        if len(anchors) and i >= _ROUNDS // 3:
            at = _held(at, anchors, points[places], _HOLD / scale)
        away, near = tree.query(at, k=_NEIGHBOURS)
        against = 1 - np.einsum("nki,ni->nk", outward[skin[near]], normals)
        best = (scale * away + _AGAINST * against).argmin(1)
        marks, distance = skin[near[rows, best]], scale * away[rows, best]
        weights = np.exp(-((distance / _FAR) ** 2)) + 1e-3
        if len(anchors):
            marks[anchors], weights[anchors] = places, 4.0
        scale, turn, shift = similarity(points[marks], face, weights)
        seen = scale * points[marks] @ turn + shift
        face = fitted(model, seen, weights)
    error = float(np.sqrt(((seen - face) ** 2).sum(1).mean()))
    if not error < _WORST:
        raise UserError(
            f"No face was found on the head (our face fits with an error of {error:.0f} mm); it must have y up and "
            "look along z."
        )
    return Placement(marks.astype(np.int32), scale, turn, shift, error)


def _start(model: FaceModel, points: Array, skin: Array, anchors: Array, places: Array) -> tuple[float, Array, Array]:
    """An initial similarity: from known points if there are enough, else from the tip of the nose, the foremost
    point.
    """
    if len(anchors) >= 4:
        return similarity(points[places], model.mean[anchors], np.ones(len(anchors)))
    nose = points[skin[points[skin, 2].argmax()]]
    return 1.0, np.eye(3), model.mean[NOSE_TIP] - nose


def _held(at: Array, anchors: Array, places: Array, reach: float) -> Array:
    """Move points along with the anchors among them, less with increasing distance."""
    weights = np.exp(-((np.linalg.norm(at[:, None] - at[anchors], axis=2) / reach) ** 2))
    return at + weights @ (places - at[anchors]) / (weights.sum(1) + 0.2)[:, None]


def fitted(model: FaceModel, seen: Array, weights: Array) -> Array:
    """The face (468, 3) of our model nearest to the points `seen`."""
    root = np.sqrt(weights)[:, None]
    basis = (model.identity * root).reshape(model.n_identity, -1).astype(np.float64)
    target = ((seen - model.mean) * root).ravel()
    alpha = np.linalg.solve(basis @ basis.T + _RIDGE * np.eye(len(basis)), basis @ target)
    face: Array = model.mean + np.tensordot(alpha, model.identity, 1)
    return face
