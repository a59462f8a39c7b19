"""Makes the rig of 52 actions from the expression shapes of the ICT Face Model Light (MIT).

Our face is fitted to the ICT model's neutral head and warped onto its landmarks, and each point of our skin follows the
nearby ICT skin of the same lip or lid that faces the same way. Least squares then find the motion of the Face Mesh
points for which the subdivided face moves like this. Left and right become mirror images of each other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.interpolate import RBFInterpolator
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads import mouth
from expnet_live.heads.blendshape_names import plain_name
from expnet_live.heads.correspondence import IBUG_ON_HEADS, fitted, place
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.importing.parts import HIDDEN, ict_parts
from expnet_live.heads.rig import Rig
from expnet_live.heads.topology import CONTOURS, LEFT_EYE_OUTER, MOUTH_RIGHT_INNER, RIGHT_EYE_OUTER
from expnet_live.meshes.subdivision import boundary_loops, edges_of
from expnet_live.research.training.ict_head import IctHead

log = logging.getLogger(__name__)

ORIGIN = "ICT Face Model Light, USC Institute for Creative Technologies, MIT License"
# Full strength in ARKit's sense, as a share of the ICT model's.
STRENGTH = {
    "eyeLookDownLeft": 0.72, "eyeLookDownRight": 0.72, "browDownLeft": 1.15, "browDownRight": 1.15, "mouthClose": 0.8,
    "noseSneerLeft": 0.8, "noseSneerRight": 0.8, "mouthPressLeft": 1.4, "mouthPressRight": 1.4,
    "mouthFrownLeft": 1.25, "mouthFrownRight": 1.25,
}  # fmt: skip
# Actions during which closed lips stay closed.
SEALED = (
    "jawForward", "jawLeft", "jawRight", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
)  # fmt: skip

_MM = 10.0  # a unit of the ICT model
_NEIGHBOURS = 24
_AGAINST = 4.0  # mm of extra distance to ICT skin for each unit by which its normal deviates
_SPREAD = 1.3  # mm: radius around the nearest ICT skin over which its motion is averaged
_SLIT_REACH = 16.0  # mm from a slit, along the skin, within which upper and lower lids and lips are separated
_EITHER = 1.5  # mm: skin so equally far from both edges is at a corner, and belongs to either
_STILL = 0.05  # mm: smaller movements count as none
_FAIR = 0.3  # weight of fairness, against a vertex of the skin
_FAIR_LIPS = 6.0  # weight of fairness for the edges of the lips
_HOLD = 30.0  # weight of the distance across a slit
_PRESSED = 2.5  # largest mm by which touching lips press each other
_ROLLED = 4.5  # largest mm by which lips roll in
_SHARED = 0.4  # share of a pucker and a funnel that is lost when both are full
_SIDEWAYS = 1.6  # times as far as the ICT model lips go to the middle, and cheeks away from it
_KNIT, _KNIT_REACH = np.array([-1.2, -3.0, 0.5]), 13.0  # mm that the inner end of a left brow goes further, round it
# mm (x, y) that the left brow, from its outer to its inner end, and the middle of the left upper lid go further than
# the ICT model's, at full strength. In clips, landmarks move like this with the strengths that a teacher sees.
BROW_DOWN = {276: (1.6, -3.6), 283: (2.3, -3.2), 282: (2.3, -2.5), 295: (1.9, -1.3), 285: (1.0, -0.5)}
SQUINT = {386: (0.0, -1.4)}
_BROW_REACH, _LID_REACH = 11.0, 8.0
_LIPS = np.array([32.0, 16.0, 30.0])  # mm, half the size of the mouth
_FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Source:
    """The ICT model's neutral head and shapes in our frame, mm: `points` (V, 3), `shapes` (J, V, 3) by `names`."""

    points: Array
    shapes: Array
    names: tuple[str, ...]
    triangles: Array
    part: Array
    landmarks: Array
    marks: Array

    @classmethod
    def load(cls, path: Path, indices: Path, model: FaceModel) -> Source:
        """Load it from the model's arrays (npz) and its vertex_indices.json. Raises UserError."""
        head = IctHead.load(path, indices)
        try:
            with np.load(path, allow_pickle=False) as z:
                names = tuple(plain_name(str(n)) for n in z["expression_names"])
                shapes = z["expression"].astype(np.float32) * _MM
        except (OSError, ValueError, KeyError) as e:
            raise UserError(f"{path} has no expression shapes; choose the ICT Face Model Light's arrays.") from e
        part = ict_parts(head.neutral)
        points = head.neutral * _MM
        triangles = head.triangles[(part[head.triangles] != HIDDEN).all(1)]
        skin = np.intersect1d(np.unique(triangles), np.flatnonzero(part == Part.FACE))
        known = {mesh: int(head.landmarks[i]) for i, mesh in IBUG_ON_HEADS.items()}
        placed = place(model, points, triangles, skin, known)
        log.info("our face lies %.2f mm off the ICT head", placed.distance)
        return cls(
            points=placed.points(points),
            shapes=placed.directions(shapes),
            names=names,
            triangles=triangles,
            part=part,
            landmarks=head.landmarks,
            marks=placed.marks,
        )

    def shape(self, action: str) -> Array:
        """The displacements (V, 3) of an ARKit action at full strength, or of both sides if the ICT model separates
        them.
        """
        if action in self.names:
            return self.shapes[self.names.index(action)]
        sides = [self.names.index(f"{action}{side}") for side in ("Left", "Right") if f"{action}{side}" in self.names]
        if len(sides) != 2:
            return np.zeros_like(self.points)
        return self.shapes[sides].sum(0)


def build_rig(source: Source, model: FaceModel) -> Rig:
    """The rig on the face model's topology."""
    carry = _carried(source, model)
    wanted = np.stack([carry @ source.shape(name) for name in ARKIT])
    _revise(wanted, model)
    controls = _Controls(model)
    base = controls.free(wanted)
    base = _symmetric(base, model)
    for name in SEALED:
        base[INDEX[name]] = controls.sealed(wanted[INDEX[name]], base[INDEX[name]])
    for eye, name in enumerate(("eyeBlinkRight", "eyeBlinkLeft")):
        base[INDEX[name]] = controls.shut(wanted[INDEX[name]], eye)
    base[INDEX["mouthClose"]] = controls.undone(wanted[INDEX["mouthClose"]], base[INDEX["jawOpen"]])
    base = _symmetric(base, model)
    base[np.linalg.norm(base, axis=2) < _STILL] = 0
    jaw = np.stack([_jaw_motion(source, source.shape(name)) for name in ARKIT])
    jaw = (jaw + _mirrored_motion(jaw)[MIRROR]) / 2
    jaw[[not name.startswith("jaw") for name in ARKIT]] = 0
    n_tongue = int((model.anatomy.part == Part.TONGUE).sum())
    tongue = np.zeros((len(ARKIT) + 2, n_tongue, 3))
    halfway, out = (shape - mouth.tongue()[0] for shape in mouth.tongue_out())
    tongue[INDEX["tongueOut"]], tongue[-1] = 4 * halfway - out, 2 * out - 4 * halfway
    # Two ways to round the lips, which reduce each other; a tongue that goes out and then down, quadratically.
    round_ = [INDEX["mouthPucker"], INDEX["mouthFunnel"]]
    products = [round_, [INDEX["tongueOut"]] * 2]
    return Rig(
        base=np.concatenate([base, -_SHARED * base[round_].sum(0)[None], np.zeros_like(base[:1])]),
        jaw=np.concatenate([jaw, np.zeros_like(jaw[:2])]),
        tongue=tongue,
        products=np.array(products),
        origin=ORIGIN,
    )


def _revise(wanted: Array, model: FaceModel) -> None:
    """Adapt displacements (52, n_face, 3) to the differences between our head and the ICT model's."""
    rest = (model.anatomy.refine @ model.anatomy.cage.at(model.mean))[: model.n_face]
    lips = np.exp(-((((rest - model.mean[[13, 14]].mean(0)) / _LIPS) ** 2).sum(1) ** 2))
    for name, strength in STRENGTH.items():
        wanted[INDEX[name]] *= strength
    for name in ("noseSneerLeft", "noseSneerRight"):
        wanted[INDEX[name]] *= 1 - 0.5 * lips[:, None]
    for name in ("mouthPucker", "cheekPuff"):
        wanted[INDEX[name]][:, 0] *= _SIDEWAYS
    # Brows knit at their inner ends.
    for side, ends in (("Left", (336, 285)), ("Right", (107, 55))):
        inner = _bump(rest, model.mean[list(ends)].mean(0), _KNIT_REACH)
        wanted[INDEX[f"browDown{side}"]] += inner[:, None] * _KNIT * (_FLIP if side == "Right" else 1)
    for action, further, reach in (("browDown", BROW_DOWN, _BROW_REACH), ("eyeSquint", SQUINT, _LID_REACH)):
        points, ways = model.mean[list(further)], np.array(list(further.values()))
        for side, flip in (("Left", np.ones(3)), ("Right", _FLIP)):
            wanted[INDEX[f"{action}{side}"], :, :2] += _near(rest, points * flip, ways, reach) * flip[:2]
    for name in ("mouthRollLower", "mouthRollUpper"):
        # Lips that roll in stay in front of the teeth.
        depth = np.maximum(-wanted[INDEX[name]][:, 2], 0)
        wanted[INDEX[name]][:, 2] += depth - _ROLLED * (1 - np.exp(-depth / _ROLLED))


def _bump(points: Array, middle: Array, reach: float) -> Array:
    return np.exp(-(((points - middle) / reach) ** 2).sum(1))


def _near(points: Array, centres: Array, values: Array, reach: float) -> Array:
    """Values (n, k) at `centres` (n, 3), blended between them, that fade out at `reach` mm from the nearest."""
    bumps = np.stack([_bump(points, c, reach) for c in centres], 1)
    blended = bumps @ values / (bumps.sum(1, keepdims=True) + 1e-9)
    return np.asarray(blended * bumps.max(1, keepdims=True))


def _symmetric(base: Array, model: FaceModel) -> Array:
    """Displacements (52, 468, 3) whose left actions are the mirror images of the right ones."""
    return (base + (base * _FLIP)[MIRROR][:, model.mirror]) / 2


def _carried(source: Source, model: FaceModel) -> sparse.csr_matrix:
    """The matrix (n_face, V) from the ICT head's displacements to our subdivided face."""
    anatomy = model.anatomy
    near_ict = fitted(model, source.points[source.marks], np.ones(len(source.marks)))
    face = (anatomy.refine @ anatomy.cage.at(near_ict) + anatomy.offset)[: anatomy.n_face].astype(np.float64)
    triangles = model.face_triangles
    ours = list(IBUG_ON_HEADS.values())
    theirs = source.landmarks[list(IBUG_ON_HEADS)]
    warp = RBFInterpolator(face[ours], source.points[theirs] - face[ours], kernel="linear", smoothing=0.5)
    face = face + warp(face)
    skin = np.flatnonzero(source.part == Part.FACE)
    ict_triangles = source.triangles[(source.part[source.triangles] == Part.FACE).all(1)]
    ict_normals = NormalOperator(ict_triangles, len(source.points))(source.points.astype(np.float32))[skin]
    normals = NormalOperator(triangles, len(face))(face.astype(np.float32))
    corners = (RIGHT_EYE_OUTER, LEFT_EYE_OUTER, MOUTH_RIGHT_INNER)
    side = _sides(face, triangles, [face[c] for c in corners])
    ict_side = _sides(source.points, ict_triangles, [face[c] for c in corners])[skin]

    distance, near = cKDTree(source.points[skin]).query(face, k=_NEIGHBOURS)
    cost = distance + _AGAINST * (1 - np.einsum("nki,ni->nk", ict_normals[near], normals))
    cost = np.where(side[:, None] * ict_side[near] < 0, np.inf, cost)  # the other lip or lid
    lonely = np.flatnonzero(~np.isfinite(cost).any(1))
    assert not len(lonely), len(lonely)
    best = cost.min(1, keepdims=True)
    weights = np.exp(-(((cost - best) / _SPREAD) ** 2))
    weights /= weights.sum(1, keepdims=True)
    rows = np.repeat(np.arange(len(face)), _NEIGHBOURS)
    log.info("skin lies %.2f mm from ICT skin in the median, %.2f at most", np.median(best), best.max())
    return sparse.csr_matrix((weights.ravel(), (rows, skin[near].ravel())), shape=(len(face), len(source.points)))


def _sides(points: Array, triangles: Array, corners: list[Array]) -> Array:
    """+1 for skin above a slit of eyes or mouth, -1 below it, 0 elsewhere and at the corners; (V,)."""
    a, b = edges_of(triangles)[0].T
    length = np.linalg.norm(points[a] - points[b], axis=1)
    n = len(points)
    graph = sparse.coo_matrix((np.r_[length, length], (np.r_[a, b], np.r_[b, a])), (n, n)).tocsr()
    loops = boundary_loops(triangles)[1:]  # without the outline, which is the longest
    out = np.zeros(n)
    for corner in corners:
        loop = min(loops, key=lambda r: np.linalg.norm(points[r] - corner, axis=1).min())
        along = points[loop, 0]
        start = int(along.argmin())
        loop = np.roll(loop, -start)
        end = int(points[loop, 0].argmax())
        one, other = loop[1:end], loop[end + 1 :]
        upper, lower = (one, other) if points[one, 1].mean() > points[other, 1].mean() else (other, one)
        above, below = (dijkstra(graph, indices=edge, min_only=True, limit=_SLIT_REACH) for edge in (upper, lower))
        near = np.minimum(above, below) < _SLIT_REACH
        with np.errstate(invalid="ignore"):
            difference = np.where(near, np.nan_to_num(below - above, posinf=99.0, neginf=-99.0), 0)
        out = np.where(np.abs(difference) > _EITHER, np.sign(difference), out)
    return out


class _Controls:
    """Displacements of the base points (468, 3) for which the subdivided skin moves as `wanted` (n_face, 3).

    It uses least squares with a little fairness (the umbrella Laplacian, and second differences along the edges of the
    lips); given distances across slits count far more than skin.
    """

    def __init__(self, model: FaceModel) -> None:
        anatomy = model.anatomy
        self._skin = (anatomy.refine @ anatomy.skin)[: anatomy.n_face].astype(np.float64)
        self._across = (model.posing.across @ anatomy.skin).toarray().astype(np.float64)
        self._slits = model.posing.slits
        self._rest = model.posing.across @ anatomy.cage.at(model.mean)
        a, b = edges_of(model.base_triangles)[0].T
        n = len(model.mean)
        links = sparse.coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), (n, n)).tocsr()
        umbrella = sparse.identity(n) - sparse.diags(1 / np.asarray(links.sum(1)).ravel()) @ links
        bend = _bending(n)
        fairness = _FAIR * umbrella.T @ umbrella + _FAIR_LIPS * bend.T @ bend
        self._normal = (self._skin.T @ self._skin + fairness).toarray()

    def free(self, wanted: Array) -> Array:
        """The same for several `wanted` (R, n_face, 3)."""
        out: Array = np.linalg.solve(self._normal[None], np.stack([self._skin.T @ w for w in wanted]))
        return out

    def sealed(self, wanted: Array, free: Array) -> Array:
        """Keep lips together that touch at rest, and limit how far they press each other."""
        slit = self._slits[2]
        apart = self._across[slit] @ free[:, 1]
        # Towards the corners, lips press less.
        room = _PRESSED * np.clip(self._rest[slit, 1] / self._rest[slit, 1].max(), 0.1, 1)
        return self._held(wanted, slit, np.clip(apart, -room, 0), axes=(1,))

    def shut(self, wanted: Array, eye: int) -> Array:
        slit = self._slits[eye]
        return self._held(wanted, slit, -self._rest[slit, 1], axes=(1,))

    def undone(self, wanted: Array, opening: Array) -> Array:
        """Close lips as far as `opening` (468, 3) moved them apart."""
        slit = self._slits[2]
        return self._held(wanted, slit, -(self._across[slit] @ opening)[:, 1:].T, axes=(1, 2))

    def _held(self, wanted: Array, slit: slice, ways: Array, axes: tuple[int, ...]) -> Array:
        """Set the distances `ways` (n,) mm along one axis, or (2, n) along two, from the lower to the upper edges of a
        slit.
        """
        out = np.linalg.solve(self._normal, self._skin.T @ wanted)
        across = self._across[slit]
        normal = self._normal + _HOLD * across.T @ across
        for axis, way in zip(axes, np.atleast_2d(ways), strict=True):
            out[:, axis] = np.linalg.solve(normal, self._skin.T @ wanted[:, axis] + _HOLD * across.T @ way)
        return out


def _bending(n: int) -> sparse.csr_matrix:
    """Second differences along the edges of either lip, from corner to corner, of n points."""
    rows = []
    for contour in ("lips outer", "lips inner"):
        ring = CONTOURS[contour][:-1]
        half = len(ring) // 2
        for path in (ring[: half + 1], (*ring[half:], ring[0])):
            rows += [(a, b, c) for a, b, c in zip(path, path[1:], path[2:], strict=False)]
    at = np.array(rows)
    weights = np.tile([1.0, -2.0, 1.0], len(at))
    return sparse.csr_matrix((weights, (np.repeat(np.arange(len(at)), 3), at.ravel())), (len(at), n))


def _jaw_motion(source: Source, shape: Array) -> Array:
    """The affine motion (3, 4) of the lower jaw, from its teeth."""
    teeth = source.part == Part.LOWER_TEETH
    at = source.points[teeth].astype(np.float64)
    design = np.column_stack([at, np.ones(len(at))])
    return np.linalg.lstsq(design, shape[teeth].astype(np.float64), rcond=None)[0].T


def _mirrored_motion(jaw: Array) -> Array:
    flip = np.diag(_FLIP)
    out = jaw.copy()
    out[:, :, :3] = flip @ jaw[:, :, :3] @ flip
    out[:, :, 3] = jaw[:, :, 3] @ flip
    return out
