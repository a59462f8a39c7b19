"""Points that depend linearly on the 468 base points, and the rings of points that form the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array
from expnet_live.heads.topology import N_BASE


@dataclass(frozen=True, eq=False)
class Linear:
    """Points `matrix @ base + offset`: matrix (n, 468) sparse, offset (n, 3) mm."""

    matrix: sparse.csr_matrix
    offset: Array

    def __len__(self) -> int:
        return len(self.offset)

    def at(self, base: Array) -> Array:
        """Positions (n, 3) for base points (468, 3)."""
        return self.matrix @ base + self.offset

    @classmethod
    def of(cls, indices: Sequence[int] | Array) -> Linear:
        """The base points `indices` themselves."""
        n = len(indices)
        matrix = sparse.csr_matrix((np.ones(n), (np.arange(n), indices)), shape=(n, N_BASE))
        return cls(matrix, np.zeros((n, 3)))

    @classmethod
    def following(cls, anchor: dict[int, float], positions: Array, mean: Array) -> Linear:
        """Points that are at `positions` (n, 3) on the mean face and move with a weighted anchor."""
        weights = np.array(list(anchor.values())) / sum(anchor.values())
        row = sparse.csr_matrix((weights, (np.zeros(len(weights), int), list(anchor))), shape=(1, N_BASE))
        return cls(sparse.vstack([row] * len(positions)).tocsr(), positions - row @ mean)

    def mix(self, other: Linear, t: Array | float) -> Linear:
        """(1 - t) self + t other, t one number or (n,); `other` may be a single point."""
        t = np.broadcast_to(np.asarray(t, float), (len(self),))
        whole = sparse.vstack([other.matrix] * len(self)) if len(other) == 1 and len(self) > 1 else other.matrix
        matrix = sparse.diags(1 - t) @ self.matrix + sparse.diags(t) @ whole
        return Linear(matrix.tocsr(), (1 - t)[:, None] * self.offset + t[:, None] * other.offset)

    def shifted(self, by: Array) -> Linear:
        return Linear(self.matrix, self.offset + by)

    def share(self, of: Array | float) -> sparse.csr_matrix:
        """`of` times the matrix, one number or (n,)."""
        return (sparse.diags(np.broadcast_to(np.asarray(of, float), (len(self),))) @ self.matrix).tocsr()


@dataclass
class Cage:
    """A mesh under construction: linear points, each with a part and a colour, and triangles over them.

    `skin` is the part of the points' matrices that moves with the skin, and `jaw` (n,) how far a point follows the
    lower jaw instead: a rig moves jaw and skin apart. Points that follow neither are fixed to the skull.
    """

    points: list[Linear] = field(default_factory=list)
    skin: list[sparse.csr_matrix] = field(default_factory=list)
    jaw: list[Array] = field(default_factory=list)
    parts: list[Array] = field(default_factory=list)
    colors: list[Array] = field(default_factory=list)
    triangles: list[Array] = field(default_factory=list)
    size: int = 0

    def add(
        self,
        points: Linear,
        part: int,
        color: Array | tuple[float, float, float],
        *,
        skin: sparse.csr_matrix | None = None,
        jaw: Array | float = 0.0,
    ) -> Array:
        """Add points, with RGB 0..255 `color` (3,) or (n, 3); return their indices (n,). They move with the skin,
        unless `skin` (n, 468) and `jaw` say otherwise."""
        n = len(points)
        self.points.append(points)
        self.skin.append(points.matrix if skin is None else skin)
        self.jaw.append(np.broadcast_to(np.asarray(jaw, float), (n,)))
        self.parts.append(np.full(n, part))
        self.colors.append(np.broadcast_to(np.asarray(color, float), (n, 3)))
        self.size += n
        return np.arange(self.size - n, self.size)

    def strip(self, ring: Array, next_ring: Array, mirrored: Array | bool) -> None:
        """Join two closed rings; `ring` is a boundary in the direction of its own triangles.

        `mirrored`, one flag or (n,), splits the quads that begin at a point of the ring along the
        other diagonal: set on one half of the head, it keeps the mesh symmetric.
        """
        a, b, c, d = ring, np.roll(ring, -1), next_ring, np.roll(next_ring, -1)
        flip = np.broadcast_to(mirrored, a.shape)[:, None]
        self.triangles.append(np.where(flip, np.stack([b, a, d], 1), np.stack([b, a, c], 1)))
        self.triangles.append(np.where(flip, np.stack([a, c, d], 1), np.stack([b, c, d], 1)))

    def cap(self, ring: Array, center: int) -> None:
        a, b = ring, np.roll(ring, -1)
        self.triangles.append(np.stack([b, a, np.full_like(a, center)], 1))

    def linear(self) -> Linear:
        return Linear(
            sparse.vstack([p.matrix for p in self.points]).tocsr(), np.concatenate([p.offset for p in self.points])
        )


def on_left(mean: Array, ring: Array) -> Array:
    """Whether the midpoint between each point of a base ring (n,) and the next is at x > 0."""
    x = mean[ring, 0]
    return x + np.roll(x, -1) > 0
