"""Hair and clothes that swing: spring bones, by Verlet's integration as VRMC_springBone-1.0 describes it.

The specification moves a joint once a frame, so that hair is stiffer the more frames there are. Here a step does what
the specification does at 60 frames a second, whatever its length; long frames are cut into steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np

from expnet_live.avatars.model import AvatarFile, Joint
from expnet_live.avatars.skeleton import Skeleton
from expnet_live.core.types import Array

_RATE = 60.0  # frames a second at which forces act as in the specification
_LONGEST = 1 / 30  # s: about that, of a step
_GAP = 0.25  # s: after more, what was before does not matter
_SETTLING = 40  # steps from rest, so that gravity shows from the first picture on
_LAST = 0.07  # m: of the last bone of a chain of VRM 0, as UniVRM takes it
_MOST_FACES = 32  # whose swings are kept
_SHORTEST = 1e-3  # mm
_NEXT, _AFTER, _DIAGONAL = np.array([1, 2, 0]), np.array([2, 0, 1]), np.arange(3)
# From a vector to the matrix of its cross product, row by row.
_SKEW = np.zeros((3, 9))
_SKEW[[2, 1, 2, 0, 1, 0], [1, 2, 3, 5, 6, 7]] = (-1, 1, 1, -1, -1, 1)


@dataclass(frozen=True, eq=False)
class _Level:
    """Joints of the range `at` whose movers are known once those of the levels before are; `by` (n,) are these. Of the
    joints at rest: `lines` (n, 3, 2) where they begin and towards where, `length` (n, 1)."""

    at: slice
    by: Array
    lines: Array
    length: Array


class Springs:
    """What swings of an avatar that is `placed` (4, 4) in our frame: constants alone. Lengths in mm.

    Of J joints: `head`, `axis` (J, 3) where they begin and towards where, at rest; `length` (J,). `order` (J,) are the
    skeleton's swinging nodes by levels.
    """

    def __init__(self, avatar: AvatarFile, skeleton: Skeleton, placed: Array) -> None:
        given = {} if avatar.vrm is None else {joint.node: joint for joint in avatar.vrm.springs.joints}
        n, first = len(skeleton.swinging), len(skeleton.names)
        depth = np.zeros(n, int)
        for i in range(n):
            above = skeleton.parent[first + i] - first
            depth[i] = depth[above] + 1 if above >= 0 else 0
        self.order = np.argsort(depth, kind="stable")
        place_of = np.argsort(self.order)  # of each swinging node in that order
        joints = [given[skeleton.swinging[i]] for i in self.order]
        by = skeleton.parent[first:][self.order]
        by = np.where(by >= first, first + place_of[np.maximum(by - first, 0)], by) if n else by
        edges = [*np.flatnonzero(np.diff(depth[self.order], prepend=-1)), n]
        self.first = first
        world, scale = placed @ skeleton.world, np.cbrt(np.linalg.det(placed[:3, :3]))
        self.head = world[[j.node for j in joints], :3, 3].reshape(n, 3)
        tails = np.array([_tail(j, avatar, world, scale) for j in joints]).reshape(n, 3)
        self.length = np.maximum(np.linalg.norm(tails - self.head, axis=1), _SHORTEST)
        self.axis = (tails - self.head) / self.length[:, None]
        lines, long = np.stack([self.head, self.axis], 2), self.length[:, None]
        self.levels = [_Level(slice(a, b), by[a:b], lines[a:b], long[a:b]) for a, b in pairwise(edges)]
        self.keeps = 1 - np.clip([j.drag for j in joints], 0, 1)
        self.stiffness = scale * np.array([j.stiffness for j in joints])[:, None]
        self.gravity = np.array([j.gravity for j in joints]).reshape(n, 3) @ placed[:3, :3].T
        mover = np.append(np.where(skeleton.mover >= first, first + place_of[np.maximum(skeleton.mover - first, 0)],
                                   skeleton.mover) if n else skeleton.mover, -1)  # fmt: skip
        self.center = mover[[-1 if j.center is None else j.center for j in joints]].astype(int)
        balls = () if avatar.vrm is None else avatar.vrm.springs.colliders
        used = sorted({c for j in joints for c in j.colliders})
        where = [balls[c].node for c in used]
        sizes = np.cbrt(np.abs(np.linalg.det(world[where, :3, :3])))
        # Of C colliders: their movers (C,), their radii (C,), and both ends (2, C, 3).
        self.holder = mover[where].astype(int)
        self.ball = sizes * np.array([balls[c].radius for c in used])
        self.ends = np.stack([_at(world[where], [getattr(balls[c], end) for c in used]) for end in ("offset", "tail")])
        self.hits = np.array([[c in j.colliders for c in used] for j in joints], bool).reshape(n, len(used))
        node_size = np.cbrt(np.abs(np.linalg.det(world[[j.node for j in joints], :3, :3])))
        self.radius = node_size * np.array([j.radius for j in joints])

    def __len__(self) -> int:
        return len(self.head)


class Swing:
    """What swings, over time. Calls from several threads follow each other."""

    def __init__(self, springs: Springs) -> None:
        self._springs = springs
        n, first = len(springs), springs.first
        self._time: float | None = None
        self._tail, self._before = np.zeros((n, 3)), np.zeros((n, 3))
        self._step = 1 / _RATE
        # Motions from rest of all movers, and the last one of what none moves.
        self._motions = np.tile(np.eye(4), (first + n + 1, 1, 1))
        self._lock = Lock()

    def __call__(self, bones: Sequence[Array], time: float) -> list[Array]:
        """The motions (4, 4) from rest of the swinging nodes at a time in s, for those of the turned bones."""
        springs = self._springs
        with self._lock:
            target = np.array(bones).reshape(-1, 4, 4)
            passed = None if self._time is None else time - self._time
            if passed is None or abs(passed) > _GAP:
                self._reset(target)
            elif passed <= 0:  # a frame that comes again, or late
                self._swing(0.0, target)
                return self._moved()
            else:
                n = max(1, round(passed / _LONGEST))
                start = self._motions[: springs.first].copy()
                for i in range(1, n + 1):
                    self._swing(passed / n, start + (target - start) * (i / n))
            self._time = time
            return self._moved()

    def _moved(self) -> list[Array]:
        out = np.empty((len(self._springs), 4, 4))
        out[self._springs.order] = self._motions[self._springs.first : -1]
        return list(out)

    def _reset(self, bones: Array) -> None:
        """Hang still."""
        springs, motions = self._springs, self._motions
        motions[: springs.first] = bones
        for level in springs.levels:
            above = motions[level.by]
            motions[springs.first :][level.at] = above
            tails = springs.head[level.at] + springs.axis[level.at] * springs.length[level.at, None]
            self._tail[level.at] = _at(above, tails)
        self._before[:] = self._tail
        self._step = 1 / _RATE
        for _ in range(_SETTLING):
            self._swing(self._step, bones)

    def _swing(self, step: float, bones: Array) -> None:
        """One step of so many seconds; without time, joints only follow what they hang on."""
        springs, motions, tails, before = self._springs, self._motions, self._tail, self._before
        centers = motions[springs.center] if (springs.center >= 0).any() else None
        motions[: springs.first] = bones
        if centers is not None:
            carried = motions[springs.center] @ np.linalg.inv(centers)
            tails[:], before[:] = _at(carried, tails), _at(carried, before)
        ends = _at(motions[springs.holder], springs.ends)
        push = step * step * _RATE
        kept = springs.keeps ** (step * _RATE) * (step / self._step)
        forces = push * springs.gravity
        reach = push * springs.stiffness
        inertia = (tails - before) * kept[:, None]
        for level in springs.levels:
            at = level.at
            above = motions[level.by]
            turned = above[:, :3, :3]
            here = turned @ level.lines
            head, axis = here[..., 0] + above[:, :3, 3], here[..., 1]
            away = tails[at] - head
            if step > 0:
                away = away + inertia[at] + reach[at] * axis + forces[at]
            away *= level.length / np.maximum(_norm(away), _SHORTEST)
            if len(springs.ball) and step > 0:
                self._push_out(level, head, away, ends)
            if step > 0:
                before[at] = tails[at]
            tails[at] = head + away
            turn = _turned_to(axis, away / level.length) @ turned
            mine = motions[springs.first :][at]  # a view
            mine[:, :3, :3] = turn
            mine[:, :3, 3] = head - (turn @ level.lines)[..., 0]
        if step > 0:
            self._step = step

    def _push_out(self, level: _Level, head: Array, away: Array, ends: Array) -> None:
        """Move the ends of joints out of colliders; `away` (n, 3) leads to them."""
        springs = self._springs
        start, line = ends[0], ends[1] - ends[0]
        long = np.maximum(np.einsum("ci,ci->c", line, line), 1e-12)
        room, hits = springs.ball + springs.radius[level.at, None], springs.hits[level.at]

        def apart(balls: slice) -> tuple[Array, Array]:
            """The ways from some colliders' axes (n, c, 3), and how long they are (n, c)."""
            offset = (head + away)[:, None] - start[balls]
            along = np.einsum("nci,ci->nc", offset, line[balls]) / long[balls]
            offset -= np.minimum(np.maximum(along, 0), 1)[..., None] * line[balls]
            return offset, np.sqrt(np.einsum("nci,nci->nc", offset, offset))

        inside = hits & (apart(slice(None))[1] < room)
        if not inside.any():
            return
        for ball in np.flatnonzero(inside.any(0)):  # one after the other, as each may move a joint into the next
            offset, distance = apart(slice(ball, ball + 1))
            missing = np.where(hits[:, ball : ball + 1], np.maximum(room[:, ball : ball + 1] - distance, 0), 0)
            moved = away + offset[:, 0] * (missing / np.maximum(distance, _SHORTEST))
            away[:] = np.where(missing > 0, moved * (level.length / np.maximum(_norm(moved), _SHORTEST)), away)


class Swings:
    """The swings of all faces over one series of frames, in which the head of each may change; none if not `on`."""

    def __init__(self, on: bool = True) -> None:
        self.on = on  # replaced from other threads
        self._kept: dict[tuple[int, bool], tuple[Springs, Swing]] = {}

    def of(self, springs: Springs, face: int, turned: bool = True) -> Swing | None:
        """The swing of a face's head; one that is not `turned` has another."""
        if not self.on or not len(springs):
            return None
        found = self._kept.get((face, turned))
        if found is None or found[0] is not springs:
            if len(self._kept) >= _MOST_FACES:
                self._kept.clear()
            found = self._kept[face, turned] = springs, Swing(springs)
        return found[1]


def _tail(joint: Joint, avatar: AvatarFile, world: Array, scale: float) -> Array:
    """Where a joint ends at rest, (3,)."""
    at: Array = world[joint.node, :3, 3]
    if joint.end is not None and joint.end != joint.node:
        there: Array = world[joint.end, :3, 3]
        return there
    above = avatar.nodes[joint.node].parent
    along = at - world[above, :3, 3] if above >= 0 else np.array([0.0, -1.0, 0.0])
    out: Array = at + along * (_LAST * scale / max(float(np.linalg.norm(along)), _SHORTEST))
    return out


def _at(frames: Array, points: Sequence[tuple[float, float, float]] | Array) -> Array:
    """Points (..., n, 3) of n frames (n, 4, 4)."""
    rows = np.asarray(points, float).reshape(*np.shape(points)[:-2], len(frames), 3)
    out: Array = (frames[:, :3, :3] @ rows[..., None])[..., 0] + frames[:, :3, 3]
    return out


def _norm(rows: Array) -> Array:
    out: Array = np.sqrt(np.einsum("ni,ni->n", rows, rows))[:, None]
    return out


def _turned_to(axis: Array, there: Array) -> Array:
    """The shortest rotations (n, 3, 3) of unit vectors (n, 3) to others (Rodrigues)."""
    cross = axis[:, _NEXT] * there[:, _AFTER] - axis[:, _AFTER] * there[:, _NEXT]
    cosine = np.einsum("ni,ni->n", axis, there)
    scaled = cross / np.maximum(1 + cosine, 1e-6)[:, None]
    out: Array = cross[:, :, None] * scaled[:, None, :] + (cross @ _SKEW).reshape(-1, 3, 3)
    out[:, _DIAGONAL, _DIAGONAL] += cosine[:, None]
    return out
