"""Poses an avatar's vertices: active morph targets first, then the few bones that turn.

Everything that hangs on the same turned bone moves rigidly with it, so skinning needs no matrix per vertex: a vertex is
the sum of its parts on each turned bone, as placed at rest. This is linear blend skinning, exactly, for any avatar of
which only these bones turn; most vertices have one part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from expnet_live.avatars.model import AvatarFile, Block
from expnet_live.avatars.skeleton import Skeleton
from expnet_live.core.types import Array

_UNSEEN = 0.002  # weight of a morph target
_NOTHING = 1e-6  # weight of a bone


@dataclass(frozen=True, eq=False)
class _Step:
    """What a morph target adds to a group: to its rows `at` (m,), `move` (m, 3) mm and `turn` (m, 3)."""

    slot: int
    at: Array
    move: Array
    turn: Array | None


@dataclass(frozen=True, eq=False)
class _Group:
    """The parts (m, 3) of vertices (m,) that hang on one bone (-1: on none), with their `share` (m,) of them.

    `alone`: no vertex has parts in other groups.
    """

    bone: int
    alone: bool
    vertices: Array
    places: Array
    normals: Array
    share: Array
    steps: tuple[_Step, ...]


class Posing:
    """`placed` (4, 4) maps the file's frame to ours, in mm. `rest`, `resting_normals` (V, 3) are the avatar at rest."""

    def __init__(self, avatar: AvatarFile, skeleton: Skeleton, placed: Array) -> None:
        self._groups: list[_Group] = []
        self.size = avatar.size
        start, slot = 0, 0
        for block in avatar.blocks:
            self._add(block, avatar, skeleton, placed, start, slot)
            start, slot = start + len(block.positions), slot + len(block.morphs)
        self._place, self._normal = np.zeros((self.size, 3), np.float32), np.zeros((self.size, 3), np.float32)
        for group in self._groups:
            self._place[group.vertices] += group.places
            self._normal[group.vertices] += group.normals
        _make_unit(self._normal)
        self.rest, self.resting_normals = self._place.copy(), self._normal.copy()

    def __call__(self, weights: Array, motions: Sequence[Array]) -> tuple[Array, Array]:
        """Vertices and unit normals (V, 3) float32 for the weights (S,) of the morph targets and the motion (4, 4) of
        each bone, in mm from its place at rest."""
        place, normal = self.rest.copy(), self.resting_normals.copy()
        mixed = False
        for group in self._groups:
            steps = [s for s in group.steps if abs(weights[s.slot]) > _UNSEEN]
            still = group.bone < 0
            if still and not steps and group.alone:
                continue
            at, towards = group.places, group.normals
            if steps:
                at, towards = at.copy(), towards.copy()
                touched = np.zeros(len(at), bool)
                for step in steps:
                    at[step.at] += weights[step.slot] * step.move
                    if step.turn is not None:
                        towards[step.at] += weights[step.slot] * step.turn
                        touched[step.at] = True
                if group.alone and touched.any():
                    rows = np.flatnonzero(touched)
                    unit = towards[rows]
                    _make_unit(unit)
                    towards[rows] = unit
            if not still:
                motion = motions[group.bone].astype(np.float32)
                if group.alone:
                    at = cv2.transform(at[None], motion[:3])[0]
                else:
                    at = cv2.transform(at[None], motion[:3, :3])[0] + group.share[:, None] * motion[:3, 3]
                towards = cv2.transform(towards[None], motion[:3, :3])[0]
            if group.alone:
                place[group.vertices], normal[group.vertices] = at, towards
            else:
                # The first part of a vertex replaces what it was at rest.
                if not mixed:
                    place[self._mixed], normal[self._mixed] = 0, 0
                    mixed = True
                place[group.vertices] += at
                normal[group.vertices] += towards
        if mixed:
            unit = normal[self._mixed]
            _make_unit(unit)
            normal[self._mixed] = unit
        return place, normal

    @cached_property
    def _mixed(self) -> Array:
        """Vertices with parts on several bones."""
        groups = [g.vertices for g in self._groups if not g.alone]
        return np.unique(np.concatenate(groups)) if groups else np.zeros(0, np.int64)

    def moved_by(self, slots: Array) -> Array:
        """How far (V,) mm morph targets with the weights `slots` (S,) move each vertex at rest."""
        moved = self(slots, [np.eye(4)] * (1 + max((g.bone for g in self._groups), default=-1)))[0] - self.rest
        return np.asarray(np.linalg.norm(moved, axis=1))

    def vertices_on(self, bones: Sequence[int]) -> Array:
        """The vertices (m,) that hang on any of these bones, by their places in the skeleton."""
        found = [g.vertices for g in self._groups if g.bone in bones]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)

    # --- building -----------------------------------------------------------------------------

    def _add(self, block: Block, avatar: AvatarFile, skeleton: Skeleton, placed: Array, start: int, slot: int) -> None:
        n = len(block.positions)
        if block.joints is None or block.weights is None or block.skin is None:
            matrices = (placed @ skeleton.world[block.node])[None]
            movers = skeleton.mover[[block.node]]
            joints, weights = np.zeros((n, 1), np.int64), np.ones((n, 1), np.float32)
        else:
            skin = avatar.skins[block.skin]
            matrices = placed @ skeleton.world[list(skin.joints)] @ skin.inverse_bind
            movers = skeleton.mover[list(skin.joints)]
            joints, weights = block.joints, block.weights
        owners = movers[joints]
        whole = np.ones(n, bool)
        shares = {}
        for bone in np.unique(owners[weights > _NOTHING]):
            share = np.where(owners == bone, weights, 0).sum(1)
            shares[int(bone)] = share
            whole &= (share <= _NOTHING) | (share >= 1 - 1e-4)
        for bone, share in shares.items():
            for alone in (True, False):
                rows = np.flatnonzero((share > _NOTHING) & (whole == alone) & ((share > 0.5) | (not alone)))
                if len(rows):
                    mine = np.where(owners[rows] == bone, weights[rows], 0)
                    self._groups.append(
                        _group(block, rows, start, slot, bone, alone, joints[rows], mine, matrices)
                    )  # fmt: skip


def _group(
    block: Block,
    rows: Array,
    start: int,
    slot: int,
    bone: int,
    alone: bool,
    joints: Array,
    weights: Array,
    matrices: Array,
) -> _Group:
    linear = np.zeros((len(rows), 3, 3), np.float32)
    offset = np.zeros((len(rows), 3), np.float32)
    turning = np.zeros((len(rows), 3, 3), np.float32)
    matrices_, turns = matrices.astype(np.float32), _normal_matrices(matrices)
    for k in range(joints.shape[1]):
        weight = weights[:, k]
        used = weight > 0
        linear[used] += weight[used, None, None] * matrices_[joints[used, k], :3, :3]
        offset[used] += weight[used, None] * matrices_[joints[used, k], :3, 3]
        turning[used] += weight[used, None, None] * turns[joints[used, k]]
    places = np.einsum("vij,vj->vi", linear, block.positions[rows]) + offset
    normals = np.einsum("vij,vj->vi", turning, block.normals[rows])
    if alone:
        _make_unit(normals)
    where = np.full(len(block.positions), -1)
    where[rows] = np.arange(len(rows))
    steps = []
    for i, morph in enumerate(block.morphs):
        at = where[morph.vertices]
        kept = at >= 0
        if kept.any():
            at = at[kept]
            move = np.einsum("vij,vj->vi", linear[at], morph.steps[kept]).astype(np.float32)
            turn = None
            if morph.turns is not None:
                turn = np.einsum("vij,vj->vi", turning[at], morph.turns[kept]).astype(np.float32)
            steps.append(_Step(slot + i, at, move, turn))
    return _Group(
        bone, alone, start + rows, places.astype(np.float32), normals.astype(np.float32),
        weights.sum(1).astype(np.float32), tuple(steps),
    )  # fmt: skip


def _normal_matrices(matrices: Array) -> Array:
    """The matrices (J, 3, 3) for normals, of unit determinant so that parts on several bones stay comparable."""
    out = []
    for matrix in matrices[:, :3, :3]:
        size = abs(np.linalg.det(matrix)) ** (1 / 3)
        out.append(np.linalg.inv(matrix).T * size if size > 1e-12 else np.eye(3))
    return np.array(out, np.float32)


def _make_unit(rows: Array) -> None:
    length = np.sqrt(np.einsum("vi,vi->v", rows, rows))
    rows /= np.maximum(length, 1e-12)[:, None]
