"""Builds a lifelike head from the 468 points of a face.

A cage of control points follows the base points linearly: the face itself, the rims of the
lids, the pouch of the mouth, the skull and neck. Two rounds of Loop subdivision, again linear,
make it smooth; eyeballs, teeth and tongue each follow an anchor of base points. Only a few parts are
not linear (see posing): eyes turn with the gaze, slits close, and lids stay in front of the eyes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.heads import ears, eyes, mouth
from expnet_live.heads.cage import Cage, Linear
from expnet_live.heads.closing import Closing, closing
from expnet_live.heads.head import SHINE, Part
from expnet_live.heads.head_shell import add_head_shell, smooth_below_jaw
from expnet_live.heads.look import USUAL
from expnet_live.heads.palette import SKIN, default_colors, shine_of_face
from expnet_live.heads.topology import LEFT_EYE_OUTER, MOUTH_RIGHT_INNER, N_BASE, RIGHT_EYE_OUTER, topology_of_triangles
from expnet_live.meshes.subdivision import boundary_loops, loop_subdivision

ROUNDS = 2
_LIPS_AT_REST = 4.5  # mm between the lips of the mean face up to which they count as closed
_LIPS_FREE = 4.6  # multiple of the slit that counts as closed: from there on, lips are exactly where they were measured
_FRAME = 20.0  # mm between the points that carry a rotating piece
_LID_REACH = 9.0  # mm from the eyeball that skin keeps


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The drawable head: V vertices, of which the first `n_face` are the subdivided face (base points first).

    `cage` gives the control points, `refine` (V, n) with `offset` (V, 3) mm the vertices; `skin` (n, 468) and `jaw`
    (n,) are the parts of a control point that move with the skin and with the lower jaw, if a rig moves them apart;
    `triangles` (F, 3) int32, counter-clockwise from outside, those of the face first, then those of
    the rest of the refined cage;
    `colors` (V, 3) uint8 RGB albedo, `shine` (V,) 0 matte to 1 wet, `part` (V,) see `Part`;
    `centers` (2,) the cage points at the centres of the right and the left eyeball;
    `lids` for each eye the face vertices that must stay in front of it; `closings` close eyes
    and mouth that are nearly closed; `lash_roots` are the vertices on the lids from which the
    vertices of the lashes grow.
    """

    cage: Linear
    skin: sparse.csr_matrix
    jaw: Array
    refine: sparse.csr_matrix
    offset: Array
    triangles: Array
    colors: Array
    shine: Array
    part: Array
    n_face: int
    n_face_triangles: int
    n_refined_triangles: int
    centers: Array
    lids: tuple[Array, Array]
    closings: tuple[Closing, ...]
    lash_roots: Array

    @property
    def eyeballs(self) -> tuple[slice, slice]:
        """The vertex ranges of the right and the left eyeball."""
        return self.range(Part.RIGHT_EYE), self.range(Part.LEFT_EYE)

    @property
    def lashes(self) -> slice:
        return self.range(Part.LASHES)

    @cached_property
    def _ranges(self) -> dict[int, slice]:
        start = np.searchsorted(self.part, list(Part))
        end = np.searchsorted(self.part, list(Part), side="right")
        return {p: slice(int(a), int(b)) for p, a, b in zip(Part, start, end, strict=True)}

    def range(self, part: Part) -> slice:
        """The vertex range of a part; parts are contiguous and in order."""
        return self._ranges[part]

    def triangles_of(self, *parts: Part) -> Array:
        """The triangles (n, 3) whose corners all belong to `parts` (seams belong to the part beside the face)."""
        return self.triangles[np.isin(self.part, parts)[self.triangles].all(1)]


def build_anatomy(mean: Array, triangles: Array, face_colors: Array | None = None) -> Anatomy:
    """The anatomy around a mean face (468, 3) mm, frontal and symmetric, with base triangles (852, 3).

    `face_colors`, RGB 0..255, are those of the 468 base points or of all `n_face` vertices; without
    them, skin, lips and brows get default colours.
    """
    mean = np.asarray(mean, np.float64)
    topology = topology_of_triangles(triangles)
    cage = Cage()
    base_colors = np.tile(SKIN, (N_BASE, 1)) if face_colors is None else np.asarray(face_colors, float)[:N_BASE]
    cage.add(Linear.of(range(N_BASE)), Part.FACE, base_colors)
    cage.triangles.append(np.asarray(triangles))
    add_head_shell(cage, mean, topology.oval, Part.SHELL, base_colors)
    rings = (topology.right_eye, topology.left_eye)
    centers = [eyes.eye_center(mean, ring) for ring in rings]
    for ring, center in zip(rings, centers, strict=True):
        eyes.add_lid_rim(cage, mean, ring, center, Part.LID_RIM)
    mouth.add_mouth_pouch(cage, mean, topology.lips, Part.MOUTH)

    refine, fine, part, colors = _refined(cage, [topology.lips, *rings], len(triangles))
    refine = smooth_below_jaw(refine, fine, part == Part.SHELL, cage.linear().at(mean), topology.oval)
    n_face = int((part == Part.FACE).sum())
    body = _Assembly(cage, refine, fine, part, colors)
    center_ids = [
        body.attach(center, eyes.eyeball(USUAL.iris), np.zeros(3), p)
        for center, p in zip(centers, (Part.RIGHT_EYE, Part.LEFT_EYE), strict=True)
    ]
    upper_edge, lower_edge, tongue_tip = _mouth_places(mean)
    body.attach(
        Linear.following(mouth.UPPER_ANCHOR, upper_edge[None], mean),
        mouth.teeth(mouth.UPPER_ARCH), np.zeros(3), Part.UPPER_TEETH,
    )  # fmt: skip
    jaw = Linear.following(mouth.LOWER_ANCHOR, lower_edge[None], mean)
    body.swing(jaw, mouth.teeth(mouth.LOWER_ARCH), Part.LOWER_TEETH)
    body.bend(jaw, mouth.tongue(), tongue_tip - lower_edge, Part.TONGUE)
    return body.finish(mean, n_face, len(triangles) * 4**ROUNDS, np.array(center_ids), face_colors)


def _mouth_places(mean: Array) -> tuple[Array, Array, Array]:
    """The biting edges of the upper and lower front teeth, and the middle of the tongue."""
    slit = (mean[13] + mean[14]) / 2
    upper = slit + np.array([0, -1.0, -5.6])
    lower = slit + np.array([0, -1.6, -7.8])
    return upper, lower, slit + np.array([0, -2.0, -29.0])


def _refined(cage: Cage, creases: list[Array], n_face: int) -> tuple[sparse.csr_matrix, Array, Array, Array]:
    """Subdivide the cage, and sort vertices by part; those of the face keep their order without anatomy."""
    triangles = np.concatenate(cage.triangles)
    edges = np.concatenate([np.stack([r, np.roll(r, -1)], 1) for r in creases])
    refine, fine = loop_subdivision(triangles, cage.size, ROUNDS, edges)
    part_of_point = np.concatenate(cage.parts)
    # A seam triangle, like a strip's first row, belongs to the part beyond the face.
    owner = part_of_point[triangles].max(1)[np.arange(len(fine)) % len(triangles)]
    part = np.full(refine.shape[0], -1)
    for p in sorted(set(owner.tolist()), reverse=True):
        part[fine[owner == p]] = p

    # The face alone subdivides into the same triangles in the same order, so its numbering stays.
    face = fine[np.arange(len(fine)) % len(triangles) < n_face]
    alone = loop_subdivision(triangles[:n_face], N_BASE, ROUNDS)[1]
    order = np.empty(int((part == Part.FACE).sum()), np.int64)
    order[alone] = face
    order = np.concatenate([order, *(np.flatnonzero(part == p) for p in sorted(set(part.tolist()) - {Part.FACE}))])
    new_index = np.empty(len(order), np.int64)
    new_index[order] = np.arange(len(order))
    fine = new_index[np.concatenate([face, fine[np.arange(len(fine)) % len(triangles) >= n_face]])]
    refine = refine.tocsr()[order]
    return refine, fine, part[order], refine @ np.concatenate(cage.colors)


def _slits(resting: Array, face: Array, part: Array) -> tuple[Closing, ...]:
    """The closings of the mouth and both eyes, whose rings are located in the subdivided face."""
    loops = boundary_loops(face)

    def ring_from(corner: int) -> Array:
        loop = next(r for r in loops if corner in r)
        return np.roll(loop, -int(np.flatnonzero(loop == corner)[0]))

    found = [
        closing(
            resting, ring_from(corner), np.flatnonzero((part == Part.FACE) | (part == Part.LID_RIM)),
            shut=0.9, open_=4.5, upper_share=0.9, reach=3.0,
        )
        for corner in (RIGHT_EYE_OUTER, LEFT_EYE_OUTER)
    ]  # fmt: skip
    # The lips of the mean face almost touch; a dropped jaw shows better how far each place can open.
    lips = ring_from(MOUTH_RIGHT_INNER)
    dropped = resting.copy()
    lower = lips[len(lips) // 2 :] if resting[lips[1], 1] > resting[lips[-1], 1] else lips[: len(lips) // 2 + 1]
    width = np.abs(resting[lips, 0]).max()
    dropped[lower, 1] -= 10 * np.sqrt(np.clip(1 - (resting[lower, 0] / width) ** 2, 0, 1))
    mouth_parts = np.flatnonzero((part == Part.FACE) | (part == Part.MOUTH))
    lip = closing(dropped, lips, mouth_parts, shut=1.3, open_=4.5, upper_share=0.5, reach=4.0)
    # Measured lips are slightly apart even in a neutral face with a closed mouth.
    gap = np.clip(resting[lip.first, 1] - resting[lip.second, 1], 0, None)
    if gap.max() < _LIPS_AT_REST:
        shut = np.maximum(lip.shut, gap + 0.2 * lip.shut)
        lip = replace(lip, shut=shut, open=shut + _LIPS_FREE * lip.shut)
    return (*found, lip)


class _Assembly:
    """Builds the refined cage and the rigid pieces."""

    def __init__(self, cage: Cage, refine: sparse.csr_matrix, triangles: Array, part: Array, colors: Array) -> None:
        self.cage = cage
        self.refine = [refine]
        self.triangles: list[Array] = [triangles]
        self.part: list[Array] = [part]
        self.colors: list[Array] = [colors]
        self.offset: list[Array] = [np.zeros((len(part), 3))]
        self.size = len(part)

    def attach(
        self, anchor: Linear, piece: tuple[Array, Array, Array], shift: Array, part: int, bone: bool = True
    ) -> int:
        """Add a rigid piece (vertices, triangles, colors) at an anchor point; return the anchor's cage index. On
        `bone`, it stays fixed to the skull when a rig moves the skin."""
        vertices, triangles, colors = piece
        skin = anchor.share(0.0) if bone else None
        index = int(self.cage.add(anchor, part, (0.0, 0.0, 0.0), skin=skin)[0])
        n = len(vertices)
        refine = sparse.csr_matrix((np.ones(n), (np.arange(n), np.full(n, index))), shape=(n, index + 1))
        self._add(refine, vertices + shift, triangles, part, colors)
        return index

    def swing(self, anchor: Linear, piece: tuple[Array, Array, Array], part: int) -> None:
        """Add a rigid piece that turns with the lower jaw: four points carry it, its anchor and three beside it."""
        vertices, triangles, colors = piece
        beside = _FRAME * np.concatenate([np.zeros((1, 3)), np.eye(3)])
        points = Linear(sparse.vstack([anchor.matrix] * 4).tocsr(), anchor.offset + beside)
        index = self.cage.add(points, part, (0.0, 0.0, 0.0), skin=points.share(0.0), jaw=1.0)
        weights = vertices / _FRAME
        weights = np.concatenate([1 - weights.sum(1, keepdims=True), weights], 1)
        n = len(vertices)
        at = np.repeat(np.arange(n), 4), np.tile(index, n)
        refine = sparse.csr_matrix((weights.ravel(), at), shape=(n, index[-1] + 1))
        self._add(refine, np.zeros((n, 3)), triangles, part, colors)

    def bend(self, anchor: Linear, piece: tuple[Array, Array, Array], shift: Array, part: int) -> None:
        """Add a piece whose vertices can each move on their own, relative to the lower jaw."""
        vertices, triangles, colors = piece
        n = len(vertices)
        points = Linear(sparse.vstack([anchor.matrix] * n).tocsr(), anchor.offset + vertices + shift)
        index = self.cage.add(points, part, (0.0, 0.0, 0.0), skin=points.share(0.0), jaw=1.0)
        refine = sparse.csr_matrix((np.ones(n), (np.arange(n), index)), shape=(n, index[-1] + 1))
        self._add(refine, np.zeros((n, 3)), triangles, part, colors)

    def _add(self, refine: sparse.csr_matrix, offset: Array, triangles: Array, part: int, colors: Array) -> None:
        self.refine.append(refine)
        self.offset.append(offset)
        self.triangles.append(triangles + self.size)
        self.part.append(np.full(len(offset), part))
        self.colors.append(colors)
        self.size += len(offset)

    def grow_lashes(self, resting: Array, eyelids: Iterable[Closing], centers: Array) -> Array:
        """Add lashes to the upper lids; return the root vertex of each lash vertex."""
        roots: list[Array] = []
        for lid, center in zip(eyelids, centers, strict=True):
            edge = lid.first[np.argsort(resting[lid.first, 0])]
            root, offset, triangles, colors = eyes.lashes(resting[edge], center)
            roots.append(edge[root])
            self.refine.append(self.refine[0][roots[-1]])
            self.offset.append(offset)
            self.triangles.append(triangles + self.size)
            self.part.append(np.full(len(root), Part.LASHES))
            self.colors.append(colors)
            self.size += len(root)
        return np.concatenate(roots)

    def grow_ears(self, mean: Array) -> None:
        """Add both ears, coloured like the head around them."""
        of_shell = np.concatenate(self.cage.parts) == Part.SHELL
        cage = self.cage.linear()
        shell = Linear(cage.matrix[of_shell], cage.offset[of_shell])
        skin = np.median(np.concatenate(self.cage.colors)[of_shell], axis=0)
        for side in (-1, 1):
            self.attach(ears.ear_root(shell, mean, side), ears.ear(side, skin), np.zeros(3), Part.EARS, bone=False)

    def finish(
        self, mean: Array, n_face: int, n_face_triangles: int, centers: Array, face_colors: Array | None
    ) -> Anatomy:
        face = self.triangles[0][:n_face_triangles]
        body_at_rest = self.refine[0] @ self.cage.linear().at(mean)[: self.refine[0].shape[1]]
        slits = _slits(body_at_rest, face, self.part[0])
        roots = self.grow_lashes(body_at_rest, slits[:2], self.cage.linear().at(mean)[centers])

        self.grow_ears(mean)
        cage = self.cage.linear()
        for block in self.refine:
            block.resize((block.shape[0], self.cage.size))
        refine = sparse.vstack(self.refine).tocsr()
        offset, part, colors = (np.concatenate(q) for q in (self.offset, self.part, self.colors))
        resting = refine @ cage.at(mean) + offset
        if face_colors is None:
            colors[:n_face] = default_colors(mean, resting[:n_face])
        elif len(face_colors) == n_face:
            colors[:n_face] = face_colors
        else:
            colors[:n_face] = refine[:n_face, :N_BASE] @ face_colors / refine[:n_face, :N_BASE].sum(1)
        shine = np.array([SHINE.get(p, 0.0) for p in Part])[part]
        shine[:n_face] = shine_of_face(mean, resting[:n_face], 0.25)
        distance = [np.linalg.norm(resting[:n_face] - c, axis=1) for c in cage.at(mean)[centers]]
        right, left = (np.flatnonzero(d < eyes.EYE_RADIUS + _LID_REACH) for d in distance)
        return Anatomy(
            closings=slits,
            lash_roots=roots,
            cage=Linear(cage.matrix.astype(np.float32), cage.offset.astype(np.float32)),
            skin=sparse.vstack(self.cage.skin).tocsr().astype(np.float32),
            jaw=np.concatenate(self.cage.jaw).astype(np.float32),
            refine=refine.astype(np.float32),
            offset=offset.astype(np.float32),
            triangles=np.concatenate(self.triangles).astype(np.int32),
            colors=np.clip(np.round(colors), 0, 255).astype(np.uint8),
            shine=shine.astype(np.float32),
            part=part.astype(np.int8),
            n_face=n_face,
            n_face_triangles=n_face_triangles,
            n_refined_triangles=len(self.triangles[0]),
            centers=centers,
            lids=(right, left),
        )
