"""How far the rig moves the face, beside the landmarks of clips at the strengths that a teacher sees.

Landmarks are taken in the frame of the eyes' outer corners; the mean of each clip is removed, and what follows the
head's pose. Least squares over all frames then tell how far each action moves a landmark. Actions that come together,
such as blinks and glances down, are told apart badly; the motion of the whole rig does not need that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT, MIRROR, WHOLE, plain_action
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import LEFT_EYE_OUTER, N_BASE, RIGHT_EYE_OUTER
from expnet_live.research.training.actions.material import Material

MAX_SPREAD = 4.0  # per cent; see Taught.spread
_FEWEST = 100  # frames
_FRONTAL = 0.3  # largest rad of pitch and yaw
_LEAST_SD = 0.03  # of an action, to be measured
_LEAST_REACH = 0.035  # distances of the eyes' outer corners; glances move the skin less


@dataclass(frozen=True)
class Reach:
    """How far the Face Mesh `point` that the rig moves most goes at the full strength of `action`, of both sides: in
    clips (along the rig's way) and by the rig, in distances of the eyes' outer corners."""

    action: str
    point: int
    clips: float
    rig: float


@dataclass(frozen=True)
class Motion:
    """A group of landmarks: correlation of their motion with the rig's, and motion per motion of the rig."""

    name: str
    r: float
    gain: float


GROUPS = {
    "brows": (46, 53, 52, 65, 55, 276, 283, 282, 295, 285),
    "upper lids": (159, 386),
    "lower lids": (145, 374),
    "mouth's corners": (61, 291),
    "upper lip": (0, 13),
    "lower lip": (14, 17),
    "chin": (152,),
}


def aligned(points: Array, *, down: bool) -> Array:
    """Points (N, 468, 2 or 3) in units of the distance of the eyes' outer corners, from their middle, x along them and
    y up; (N, 468, 2). `down`: y grows downwards in `points`."""
    p = points[..., :2].astype(np.float64)
    if down:
        p = p * [1, -1]
    along = p[:, LEFT_EYE_OUTER] - p[:, RIGHT_EYE_OUTER]
    unit = np.linalg.norm(along, axis=1)[:, None, None]
    x = along[:, None] / unit
    y = np.stack([-x[..., 1], x[..., 0]], -1)
    off = (p - (p[:, None, LEFT_EYE_OUTER] + p[:, None, RIGHT_EYE_OUTER]) / 2) / unit
    return np.stack([(off * x).sum(-1), (off * y).sum(-1)], -1)


@dataclass(frozen=True, eq=False)
class Frames:
    """N frontal frames of clips: `clip` (N,) numbers the clips, `strengths` (N, 52) are of actions.

    `weights` (N, 52), the same, and `moves` (N, 468, 2), landmarks as `aligned` gives them, are without the mean of
    each clip and what follows `pose` (N, 6): rotations and their squares, less the mean of each clip.
    """

    clip: Array
    strengths: Array
    weights: Array
    moves: Array
    pose: Array

    @classmethod
    def of(cls, material: Material) -> Frames:
        """Raises UserError if there are too few."""
        shelf = material.shelf
        frontal = (np.abs(shelf.rotation[:, :2]) < _FRONTAL).all(1) & (shelf.spread < MAX_SPREAD)
        rows = np.flatnonzero(material.clip & frontal)
        if len(rows) < _FEWEST:
            raise UserError("There are too few frontal frames of clips; name folders of 'train scores --clips'.")
        clip = np.unique(shelf.collection[rows], return_inverse=True)[1]
        turn = without_means(np.concatenate([shelf.rotation[rows], shelf.rotation[rows] ** 2], 1), clip)
        strengths = np.clip(material.targets.values[rows], 0, 1)
        return cls(
            clip,
            strengths,
            without(turn, without_means(strengths, clip)),
            without(turn, without_means(aligned(shelf.points[rows], down=True), clip)),
            turn,
        )

    def __len__(self) -> int:
        return len(self.clip)


def without_means(values: Array, clip: Array) -> Array:
    """`values` (N, ...) without the mean of each clip."""
    out = values.astype(np.float64)
    for number in np.unique(clip):
        out[clip == number] -= out[clip == number].mean(0)
    return out


def without(causes: Array, values: Array) -> Array:
    """What `causes` (N, k) do not explain of `values` (N, ...)."""
    flat = values.reshape(len(values), -1)
    return np.asarray(flat - causes @ np.linalg.lstsq(causes, flat, rcond=None)[0]).reshape(values.shape)


def reaches(frames: Frames, model: FaceModel) -> list[Reach]:
    """Those of actions that move in the clips, both sides at once."""
    rest = aligned(model.mean[None, :N_BASE], down=False)[0]
    sides = [
        [i] if name in WHOLE else sorted({i, int(MIRROR[i])})
        for i, name in enumerate(ARKIT)
        if name in WHOLE or i <= MIRROR[i]
    ]
    strengths = np.stack([frames.weights[:, one].mean(1) for one in sides], 1)
    moving = np.flatnonzero(strengths.std(0) > _LEAST_SD)
    flat = frames.moves.reshape(len(frames), -1)
    real = np.linalg.lstsq(strengths[:, moving], flat, rcond=None)[0].reshape(-1, N_BASE, 2)
    out = []
    for number, told in zip(moving, real, strict=True):
        one = sides[number]
        drawn = aligned(model.mean[None, :N_BASE] + model.rig.base[one].sum(0), down=False)[0] - rest
        size = np.linalg.norm(drawn, axis=1)
        point = int(size.argmax())
        if size[point] > _LEAST_REACH:
            name = ARKIT[one[0]]
            along = float(told[point] @ drawn[point] / size[point])
            out.append(Reach(name if len(one) == 1 else plain_action(name), point, along, float(size[point])))
    return out


def motions(frames: Frames, model: FaceModel) -> list[Motion]:
    """How the groups of landmarks move up and down with the whole rig."""
    rows = np.stack([model.rig.rows(w.astype(np.float32)) for w in frames.strengths])
    out = []
    for name, points in GROUPS.items():
        at = [*points, RIGHT_EYE_OUTER, LEFT_EYE_OUTER]
        posed = np.zeros((len(rows), N_BASE, 3))
        posed[:, at] = model.mean[at] + np.einsum("nr,rpc->npc", rows, model.rig.base[:, at])
        drawn = without(frames.pose, without_means(aligned(posed, down=False)[:, points, 1].mean(1), frames.clip))
        real = frames.moves[:, points, 1].mean(1)
        both = float((real * drawn).mean())
        out.append(Motion(name, both / float(real.std() * drawn.std()), both / float((drawn**2).mean())))
    return out
