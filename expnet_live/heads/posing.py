"""Computes the head's vertices in one weighted sum, from a face's points, its closing lids and lips, and its gaze.

A vertex is a sum of few points with fixed weights: control points of the cage; for rigid pieces
also the three axes of their offset from the anchor, which turn with the gaze in eyeballs;
and beside a slit the vectors that close its edges. Reading one megabyte of weights takes a third
of the time of a precomputed expression basis of all vertices, which has eight megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.heads.anatomy import Anatomy
from expnet_live.heads.cage import Linear
from expnet_live.heads.closing import Closing
from expnet_live.heads.eyes import EYE_RADIUS, LID_THICKNESS

_KEEN = 0.25, 0.6  # factors for what counts as closed and as open between measured lids
_PUSHED = 3.0  # mm from the eyeball beyond which a lid is not constrained
_SOFT = 0.15  # mm2: a transition of half a millimetre avoids a kink in the lid's skin
_AXES = np.tile(np.eye(3, dtype=np.float32), (3, 1))  # axes of the head, of the right eye and of the left eye


class Posing:
    """Computes the vertices (V, 3) float32 of the head from the n `points` of a face (n, 3) mm and a gaze when called.

    `points` maps base points to them: the cage's, and the vector across each slit at each of its positions, which
    `across` computes from the cage's. The first `n_face_points` of them suffice for the face alone. `slits` are the
    positions of the right eye, the left eye and the mouth among all positions.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        cage, refine, slits = anatomy.cage, anatomy.refine, anatomy.closings
        first, second = (np.concatenate([getattr(c, side) for c in slits]) for side in ("first", "second"))
        vertices = np.concatenate([c.vertices for c in slits])
        if len(np.unique(vertices)) < len(vertices):
            raise ValueError("The slits share vertices: close them one after the other.")
        self._measured = _Opening.of([(c.shut, c.open) for c in slits])
        # A rig says exactly where lids meet; measured lids stop short of each other.
        keen = [(_KEEN[0] * lid.shut, _KEEN[1] * lid.open) for lid in slits[:-1]]
        self._rigged = _Opening.of([*keen, (slits[-1].shut, slits[-1].open)])
        self.across = across = refine[first] - refine[second]
        ends = np.cumsum([0, *(len(c.first) for c in slits)])
        self.slits = tuple(slice(int(a), int(b)) for a, b in pairwise(ends))
        self._slit_of_place = np.repeat(np.arange(len(slits)), np.diff(ends))

        # Order of the points: those of the cage that the face needs, the vectors across slits, the cage's others.
        needed = np.zeros(refine.shape[1], bool)
        needed[refine[: anatomy.n_face].indices] = needed[anatomy.centers] = True
        self._near, self._far = np.flatnonzero(needed), np.flatnonzero(~needed)
        self._places = slice(len(self._near), len(self._near) + len(first))
        self.n_face_points = self._places.stop
        self.points = Linear(
            sparse.vstack([cage.matrix[self._near], across @ cage.matrix, cage.matrix[self._far]])
            .tocsr()
            .astype(np.float32),
            self.of_control(cage.offset[None])[0],
        )
        columns = [refine[:, self._near], _pulled(slits, len(anatomy.part)), refine[:, self._far], _along_axes(anatomy)]
        weights = sparse.hstack(columns).tocsr().astype(np.float32)
        self._weights = weights.tocsc()
        self._face_weights = weights[: anatomy.n_face, : self.n_face_points].tocsc()

        self._centers = np.searchsorted(self._near, anatomy.centers)
        self._lids = np.concatenate(anatomy.lids)
        self._eye_of_lid = np.repeat([0, 1], [len(lid) for lid in anatomy.lids])
        self._lashes: slice | Array = anatomy.lashes
        self._roots = anatomy.lash_roots
        self._lash_offset = anatomy.offset[self._lashes][:, [0, 1, 2, 0]]

    def only(self, vertices: Array) -> Posing:
        """Computes these vertices alone, ascending; with a lash, its root is one of them."""
        part = copy(self)
        part._weights = self._weights.tocsr()[vertices].tocsc()
        place = np.full(self._weights.shape[0], -1)
        place[vertices] = np.arange(len(vertices))
        lids = place[self._lids]
        part._lids, part._eye_of_lid = lids[lids >= 0], self._eye_of_lid[lids >= 0]
        lashes = place[self._lashes]
        there = lashes >= 0
        part._lashes, part._roots, part._lash_offset = (
            lashes[there],
            place[self._roots[there]],
            self._lash_offset[there],
        )
        return part

    def of_control(self, fields: Array) -> Array:
        """Convert displacements (R, n_cage, 3) of the cage's control points to displacements of `points`, (R, n, 3)
        float32.
        """
        across = np.stack([self.across @ field for field in fields])
        return np.concatenate([fields[:, self._near], across, fields[:, self._far]], axis=1).astype(np.float32)

    def openings(self, points: Array) -> Array:
        """Opening of the right eye, the left eye and the mouth, (3,) mm, from the `points` (3n,)."""
        height = points.reshape(-1, 3)[self._places, 1]
        return np.array([height[slit].mean() for slit in self.slits], np.float32)

    def sealed(self, shares: Sequence[float]) -> Array:
        """Repeat the shares of the right eye, the left eye and the mouth (3,) at all positions of their slits."""
        return np.asarray(shares, np.float32).take(self._slit_of_place)

    def __call__(self, points: Array, gaze: Array | None = None, sealed: Array | None = None) -> Array:
        """`gaze` (2, 2) in rad holds yaw (right > 0) and pitch (up > 0), the person's right eye first. `sealed`, the
        minimum shares (m,) by which slits close, is for faces that a rig moves."""
        return vertices_of(self.rows(points, gaze, sealed))

    def rows(self, points: Array, gaze: Array | None = None, sealed: Array | None = None) -> Array:
        """The same vertices as rows (V, 4) of x, y, z and x again, as NormalOperator takes them."""
        turned = _AXES if gaze is None else np.concatenate([_AXES[:3], *gaze_rotation(gaze).swapaxes(1, 2)])
        out = self._placed(self._weights, np.concatenate([points, turned]), sealed)
        out[self._lashes] = out.take(self._roots, axis=0) + self._lash_offset
        return out

    def face(self, points: Array, sealed: Array | None = None) -> Array:
        """The vertices of the subdivided face alone from its own points (n_face_points, 3), as rows (n_face, 4)."""
        return self._placed(self._face_weights, points, sealed)

    def _placed(self, weights: sparse.csc_matrix, points: Array, sealed: Array | None) -> Array:
        """Rows (n, 4) of x, y, z and x again: the product with three columns takes twice as long."""
        table = np.empty((len(points), 4), np.float32)
        table[:, :3] = points
        opening = self._measured if sealed is None else self._rigged
        table[self._places, :3] = opening.pulls(points[self._places], sealed)
        table[:, 3] = table[:, 0]
        out = np.asarray(weights @ table)
        self._keep_lids_out(out, table[self._centers])
        return out

    def _keep_lids_out(self, out: Array, centers: Array) -> None:
        """Of rows (V, 4) and the centres (2, 4) of the eyeballs."""
        # Rows of 16 bytes are gathered as quickly as single numbers.
        away = out.take(self._lids, axis=0)
        away -= centers.take(self._eye_of_lid, axis=0)
        squares = away * away
        square = squares[:, 0] + squares[:, 1] + squares[:, 2]
        near = np.flatnonzero(square < (EYE_RADIUS + LID_THICKNESS + _PUSHED) ** 2)
        distance = np.sqrt(square.take(near))
        # A soft maximum of the distance and the lid's position.
        over = distance - (EYE_RADIUS + LID_THICKNESS)
        push = 0.5 * (np.sqrt(over * over + _SOFT) - over) / np.maximum(distance, 1e-6)
        lids = self._lids.take(near)
        moved = away.take(near, axis=0)
        moved *= push[:, None]
        moved += out.take(lids, axis=0)
        out.view(np.complex128)[lids] = moved.view(np.complex128)  # in a quarter of the time of four numbers a row


@dataclass(frozen=True, eq=False)
class _Opening:
    """At each position of the slits, `shut` (m,) mm or less counts as closed; from `open` (m,) mm on nothing
    changes.
    """

    shut: Array
    open: Array
    range: Array
    steepness: Array

    @classmethod
    def of(cls, slits: Sequence[tuple[Array, Array]]) -> _Opening:
        shut, open_ = (np.concatenate(q).astype(np.float32) for q in zip(*slits, strict=True))
        return cls(shut, open_, open_ - shut, open_ + shut)

    def pulls(self, across: Array, sealed: Array | None) -> Array:
        """The part (m, 3) to remove from the vectors `across` (m, 3) mm over the slits, negated; of each at least the
        share `sealed` (m,)."""
        height = np.maximum(across[:, 1], self.shut)
        left = np.maximum((self.open - height) / self.range, 0)  # 1 at `shut`, 0 at `open`
        # The opening grows smoothly from 0 at `shut` to its own height, with slope 1, at `open`; this is the remainder.
        lost = left * left * (self.shut + self.steepness * (1 - left))
        share = lost / height
        if sealed is not None:
            share = np.maximum(share, sealed)
        return np.asarray(-share[:, None] * across)


def vertices_of(rows: Array) -> Array:
    """Vertices (V, 3) from rows (V, 4) of x, y, z and x again."""
    return np.asarray(cv2.cvtColor(rows[None], cv2.COLOR_RGBA2RGB)[0])


def gaze_rotation(gaze: Array) -> Array:
    """Rotation matrices (2, 3, 3) float32 that turn +z to gaze (2, 2): yaw (right > 0) and pitch (up > 0), radians."""
    turns = [(math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)) for yaw, pitch in gaze]
    return np.array(
        [[[cy, -sy * sp, sy * cp], [0, cp, sp], [-sy, -cy * sp, cy * cp]] for cy, sy, cp, sp in turns], np.float32
    )


def _pulled(slits: Sequence[Closing], n_vertices: int) -> sparse.csr_matrix:
    """How far (V, m) each vertex follows the removed part at the positions of all slits."""
    vertices = np.concatenate([c.vertices for c in slits])
    place = np.ones(len(vertices)), (vertices, np.arange(len(vertices)))
    return sparse.csr_matrix(place, (n_vertices, len(vertices))) @ sparse.block_diag([c.weights for c in slits], "csr")


def _along_axes(anatomy: Anatomy) -> sparse.csr_matrix:
    """Offsets (V, 9) of each vertex along the axes of the head, of the right eye and of the left eye."""
    blocks = np.zeros((len(anatomy.offset), 3, 3), np.float32)
    owner = np.zeros(len(blocks), int)
    for i, ball in enumerate(anatomy.eyeballs, start=1):
        owner[ball] = i
    blocks[np.arange(len(blocks)), owner] = anatomy.offset
    return sparse.csr_matrix(blocks.reshape(-1, 9))
