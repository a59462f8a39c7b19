"""A head of the ICT Face Model Light that performs ARKit's actions, in the frame of our face model.

The model's eyes do not turn and its tongue does not come out, so this module moves both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.types import Array
from expnet_live.geometry.alignment import similarity
from expnet_live.geometry.closest import ClosestPoint
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.blendshape_names import plain_name
from expnet_live.heads.correspondence import IBUG_ON_HEADS
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.ict_head import IctHead
from expnet_live.research.training.made.lids import Lids

MM = 10.0  # a unit of the model
# Vertices of the light model.
HEAD, FACE, MOUTH, SOCKETS = slice(0, 14062), slice(0, 9409), slice(11248, 13294), slice(13294, 14062)
GUMS, TEETH, LASHES = slice(14062, 17039), slice(17039, 21451), slice(25351, 26719)
EYES = {"Left": slice(21451, 22221), "Right": slice(23021, 23791)}
_HIDDEN = (slice(22221, 23021), slice(23791, 25351))  # outer shells of the eyes, tear film
_BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
_YAW, _UP, _DOWN = np.radians((33, 24, 28))  # rad of an eye's full glance
_TONGUE = (14, 10)  # rings, and vertices of each
_TONGUE_ROOT = np.array([0.0, -42.0, 60.0])
_NEAR, _ALIKE = 8.0, 0.3  # mm and cosine of normals up to which skin is that of the face


@dataclass(frozen=True, eq=False)
class Performer:
    """Geometry in mm. `identity` (K, V, 3), `shapes` (52, V, 3); `triangles` (F, 3) with those of the tongue.

    For the HEAD's vertices, `corners` (14062, 3) and `weights` give their positions in the Face Mesh, `distance` the
    distance from it, `skin` whether they belong to its skin. `base` (468,) are the vertices nearest to its points. One
    mm of our face model is `unit` mm here.
    """

    neutral: Array
    identity: Array
    shapes: list[tuple[Array, Array]]
    triangles: Array
    corners: Array
    weights: Array
    distance: Array
    skin: Array
    base: Array
    unit: float
    raw: Array  # the neutral head (V, 3) in the model's own frame, mm
    lids: dict[str, Lids]  # of the sides

    @classmethod
    def load(cls, path: Path, indices: Path, model: FaceModel) -> Performer:
        """Load it from the model's arrays (npz) and its vertex_indices.json. Raises UserError."""
        head = IctHead.load(path, indices)
        with np.load(path, allow_pickle=False) as z:
            names = [plain_name(str(n)) for n in z["expression_names"]]
            told = z["expression"].astype(np.float32) * MM
        shapes = []
        for action in ARKIT:
            sides = [i for i, n in enumerate(names) if n in (action, f"{action}Left", f"{action}Right")]
            whole = told[sides].sum(0) if sides else np.zeros(told.shape[1:], np.float32)
            moved = np.flatnonzero(np.abs(whole).max(1) > 0.02)
            shapes.append((moved, whole[moved]))
        held = list(IBUG_ON_HEADS)
        at = model.mean[list(IBUG_ON_HEADS.values())].astype(np.float64)
        warp = RBFInterpolator(at, head.neutral[head.landmarks[held]], kernel="thin_plate_spline", smoothing=1.0)
        base = warp(model.mean[:468].astype(np.float64)) * MM
        raw = head.neutral * MM
        unit, _, origin = similarity(model.mean[:468].astype(np.float64), base, np.ones(468))
        corner, weight = ClosestPoint(base, model.base_triangles).located(raw[HEAD])
        corners = model.base_triangles[corner]
        distance = np.linalg.norm((base[corners] * weight[..., None]).sum(1) - raw[HEAD], axis=1)
        ours = NormalOperator(model.base_triangles, 468)(base.astype(np.float32))
        theirs = NormalOperator(head.triangles, len(raw))(raw.astype(np.float32))[HEAD]
        alike = ((ours[corners] * weight[..., None]).sum(1) * theirs).sum(1) > _ALIKE
        hidden = np.zeros(len(raw), bool)
        for part in _HIDDEN:
            hidden[part] = True
        triangles = head.triangles[~hidden[head.triangles].any(1)]
        neutral = (raw - origin).astype(np.float32)
        return cls(
            neutral=neutral,
            identity=head.identity.astype(np.float32) * MM,
            shapes=shapes,
            triangles=np.concatenate([triangles, _tube(*_TONGUE) + len(raw)]).astype(np.int32),
            corners=corners,
            weights=weight.astype(np.float32),
            distance=distance,
            skin=alike & (distance < _NEAR),
            base=cKDTree(raw[FACE]).query(base)[1],
            unit=unit,
            raw=raw,
            lids={side: Lids.of(neutral, *shapes[INDEX[f"eyeBlink{side}"]], eye, FACE) for side, eye in EYES.items()},
        )

    @property
    def n_vertices(self) -> int:
        return len(self.neutral) + _TONGUE[0] * _TONGUE[1]

    def vertices(self, shape: Array, strengths: Array, bend: float, lashes: bool) -> Array:
        """Vertices (n_vertices, 3) mm of the head `shape` (V, 3) doing actions (52,); `bend` 0..1 of a tongue."""
        v = np.empty((self.n_vertices, 3), np.float32)
        v[: len(shape)] = shape
        less = _undoubled(strengths)
        for action, weight, (moved, way) in zip(ARKIT, less, self.shapes, strict=True):
            if weight > 1e-3 and action not in _BLINKS:
                v[moved] += weight * way
        for side, lids in self.lids.items():
            v[lids.moved] += less[INDEX[f"eyeBlink{side}"]] * lids.blink(shape)
        for side, eye in EYES.items():
            out = strengths[INDEX[f"eyeLookOut{side}"]] - strengths[INDEX[f"eyeLookIn{side}"]]
            up = strengths[INDEX[f"eyeLookUp{side}"]] * _UP - strengths[INDEX[f"eyeLookDown{side}"]] * _DOWN
            middle = (v[eye].min(0) + v[eye].max(0)) / 2
            self.lids[side].lay(v, middle)
            turn = Rotation.from_euler("YX", [out * _YAW * (1 if side == "Left" else -1), -up])
            v[eye] = turn.apply(v[eye] - middle) + middle
        if not lashes:
            v[LASHES] = (0, 0, -60)  # inside the head
        jaw = v[GUMS].mean(0) - shape[GUMS].mean(0)
        root = _TONGUE_ROOT - (self.raw[0] - self.neutral[0])
        v[len(shape) :] = _tongue(float(strengths[INDEX["tongueOut"]]), bend) + root + 0.9 * jaw
        return v


def _undoubled(strengths: Array) -> Array:
    """Reduce actions beside others with the same effect."""
    left = strengths.copy()
    for side in ("Left", "Right"):
        left[INDEX[f"eyeBlink{side}"]] *= 1 - 0.72 * left[INDEX[f"eyeLookDown{side}"]]
        left[INDEX[f"eyeSquint{side}"]] *= 1 - 0.4 * left[INDEX[f"eyeBlink{side}"]]
    return left


def _tube(rings: int, around: int) -> Array:
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij")
    a, b = i * around + j, i * around + (j + 1) % around
    lower = np.stack([a, a + around, b], -1).reshape(-1, 3)
    upper = np.stack([b, a + around, b + around], -1).reshape(-1, 3)
    return np.concatenate([lower, upper])


def _tongue(out: float, bend: float) -> Array:
    """Vertices (140, 3) mm from its root, `out` by 0..1 and bent down over the lip."""
    rings, around = _TONGUE
    u = np.linspace(0, 1, rings)[:, None]
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)[None]
    width = np.clip(1 - np.clip((u - 0.7) / 0.3, 0, 1) ** 2.4, 0, 1) ** (1 / 2.4)
    length = 30 + 46 * out
    beyond = np.clip((u * length - 44) / 30, 0, 2)
    x = 15 * width * np.cos(angle)
    y = 4.5 * width * np.sin(angle) - 20 * bend * beyond**2 + 4 * out
    z = u * length * (1 - 0.25 * bend * np.clip(beyond, 0, 1)) * np.ones_like(angle)
    return np.stack([x, y, z], -1).reshape(-1, 3)
