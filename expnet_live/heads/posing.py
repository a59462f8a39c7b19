"""Vertices of the head in one weighted sum: what a face's points, its lids and lips and its gaze make of it.

A vertex is a sum of few points with fixed weights: control points of the cage; for rigid pieces
also the three axes along which they stand off their anchor, which turn with the gaze in eyeballs;
and beside a slit the ways by which its edges are brought together. Reading a megabyte of weights
takes a third of the time of the expression basis of all vertices multiplied out, eight megabytes.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.heads import eyes
from expnet_live.heads.cage import Linear
from expnet_live.heads.closing import together

if TYPE_CHECKING:
    from expnet_live.heads.anatomy import Anatomy

_KEEN = 0.25, 0.6  # of what counts as shut and as open between measured lids
_AXES = np.eye(3, dtype=np.float32)


class Posing:
    """Called with the n `points` of a face (n, 3) mm and a gaze: vertices (V, 3) float32 of the drawn head.

    `points` gives them from base points: the cage's, and the way across each slit at each of its places, which
    `across` makes of the cage's. `slits` are the places of the right eye, the left eye and the mouth among them.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        self._closing = slit = together(anatomy.closings)
        cage, refine = anatomy.cage, anatomy.refine
        # Lids of a rig meet where it says; measured ones stop short of each other.
        lids, lips = anatomy.closings[:-1], anatomy.closings[-1]
        keen = [replace(lid, shut=_KEEN[0] * lid.shut, open=_KEEN[1] * lid.open) for lid in lids]
        self._rigged = together([*keen, lips])
        self.across = across = refine[slit.first] - refine[slit.second]
        ends = np.cumsum([0, *(len(c.first) for c in anatomy.closings)])
        self.slits = tuple(slice(int(a), int(b)) for a, b in pairwise(ends))
        self.points = Linear(
            sparse.vstack([cage.matrix, across @ cage.matrix]).tocsr().astype(np.float32),
            np.concatenate([cage.offset, across @ cage.offset]).astype(np.float32),
        )
        self._n_control, self._centers = refine.shape[1], anatomy.centers
        self._lids, self._n_right = np.concatenate(anatomy.lids), len(anatomy.lids[0])
        self._lashes, self._roots = anatomy.lashes, anatomy.lash_roots
        self._lash_offset = anatomy.offset[self._lashes]

        moving = len(slit.vertices)
        place = sparse.csr_matrix((np.ones(moving), (slit.vertices, np.arange(moving))), (refine.shape[0], moving))
        weights = sparse.hstack([refine, place @ slit.weights, _along_axes(anatomy)]).tocsr().astype(np.float32)
        self._weights, self._face_weights = weights, weights[: anatomy.n_face]

    def of_control(self, fields: Array) -> Array:
        """What displacements (R, n_cage, 3) of the cage's control points are to the `points`, (R, n, 3) float32."""
        across = np.stack([self.across @ field for field in fields])
        return np.concatenate([fields, across], axis=1).astype(np.float32)

    def openings(self, points: Array) -> Array:
        """How far the right eye, the left eye and the mouth stand open, (3,) mm, by the `points` (3n,)."""
        height = points.reshape(-1, 3)[self._n_control :, 1]
        return np.array([height[slit].mean() for slit in self.slits], np.float32)

    def sealed(self, shares: Array) -> Array:
        """The same share at all places of a slit, from those of the right eye, the left eye and the mouth (3,)."""
        return np.repeat(shares, [s.stop - s.start for s in self.slits]).astype(np.float32)

    def __call__(self, points: Array, gaze: Array | None = None, sealed: Array | None = None) -> Array:
        """`sealed`, of faces that a rig moves: see Closing.pulls."""
        out = self._placed(self._weights, points, gaze, sealed)
        out[self._lashes] = out.take(self._roots, axis=0) + self._lash_offset
        return out

    def face(self, points: Array, sealed: Array | None = None) -> Array:
        """The vertices of the subdivided face alone, (n_face, 3)."""
        return self._placed(self._face_weights, points, None, sealed)

    def _placed(self, weights: sparse.csr_matrix, points: Array, gaze: Array | None, sealed: Array | None) -> Array:
        control, across = points[: self._n_control], points[self._n_control :]
        axes = (_AXES, _AXES) if gaze is None else eyes.gaze_rotation(gaze).swapaxes(1, 2)
        pulls = self._closing.pulls(across) if sealed is None else self._rigged.pulls(across, sealed)
        table = np.concatenate([control, pulls, _AXES, *axes])
        out = np.empty((weights.shape[0], 3), np.float32)
        for axis, column in enumerate(np.ascontiguousarray(table.T, np.float32)):
            out[:, axis] = weights @ column  # twice as quick as the product with all columns
        self._keep_lids_out(out, control[self._centers])
        return out

    def _keep_lids_out(self, out: Array, centers: Array) -> None:
        away = out.take(self._lids, axis=0)
        away[: self._n_right] -= centers[0]
        away[self._n_right :] -= centers[1]
        pushes, near = eyes.pushes(away, eyes.EYE_RADIUS + eyes.LID_THICKNESS)
        out[self._lids[near]] += pushes


def _along_axes(anatomy: Anatomy) -> sparse.csr_matrix:
    """How far (V, 9) each vertex stands off along the axes of the head, of the right and of the left eye."""
    blocks = np.zeros((len(anatomy.offset), 3, 3), np.float32)
    owner = np.zeros(len(blocks), int)
    for i, ball in enumerate(anatomy.eyeballs, start=1):
        owner[ball] = i
    blocks[np.arange(len(blocks)), owner] = anatomy.offset
    return sparse.csr_matrix(blocks.reshape(-1, 9))
