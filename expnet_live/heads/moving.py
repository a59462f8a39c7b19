"""Moves the points that determine the head: by the components of the face model, or by the actions of a rig."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array, checked
from expnet_live.heads.anatomy import Anatomy
from expnet_live.heads.head import Part
from expnet_live.heads.posing import Posing
from expnet_live.heads.rig import Rig, lips_shut

_BLINKS = [INDEX["eyeBlinkRight"], INDEX["eyeBlinkLeft"]]
_EYES = (0.5, 1.8)  # multiple of the mean face's eye opening up to which blinks adapt
_SEAL = 4  # exponents of a blink for closing its lids, and of the actions that close lips


class Moving:
    """The points of `posing` (n, 3) mm that a person's face has.

    `mean` (468, 3) and the bases of `expression` (E, 468, 3) and `identity` (K, 468, 3) are those of the face model;
    `rig` gives the rig that moves it, and may raise UserError.
    """

    def __init__(
        self, mean: Array, expression: Array, identity: Array, anatomy: Anatomy, posing: Posing, rig: Callable[[], Rig]
    ) -> None:
        self._mean, self._expression, self._identity = mean, expression, identity
        self._anatomy, self._posing, self._rig = anatomy, posing, rig
        self._last_resting: dict[int | None, _Resting] = {}

    def expressed(self, expression: Array, identity: Array | None, n: int | None = None) -> Array:
        """The first n (None: all) points (n, 3) of an expression (E,)."""
        eta, resting = checked("expression", expression, (len(self._expression),)), self._resting(identity, n).points
        return (resting + _weighted(eta, self._bases[0][:, : len(resting)])).reshape(-1, 3)

    def acted(self, weights: Array, identity: Array | None, n: int | None = None) -> tuple[Array, Array]:
        """The first n (None: all) points (n, 3) of ARKit's weights (52,), and how far slits are sealed."""
        resting = self._resting(identity, n)
        rows = self.rows(weights, resting.eyes)
        points = resting.points + _weighted(rows, self._fields[:, : len(resting.points)])
        shut = [*weights[_BLINKS].tolist(), lips_shut(rows)]
        return points.reshape(-1, 3), self._posing.sealed([share**_SEAL for share in shut])

    def rows(self, weights: Array, eyes: Array) -> Array:
        """The rows of the rig (R,) for a person whose `eyes` are that wide: a blink closes them."""
        rows = self._rig().rows(weights)
        for blink, eye in zip(_BLINKS, eyes, strict=True):
            rows[blink] *= eye
        return rows

    def eyes(self, identity: Array) -> Array:
        """The opening of the right and the left eye (2,) at rest, as multiples of the mean face's."""
        return np.asarray((1 + identity @ self._eye_basis).clip(*_EYES))

    @property
    def control_fields(self) -> Array:
        """The rows of the rig as displacements (R, n, 3) of the cage's control points."""
        anatomy, rig = self._anatomy, self._rig()
        at = anatomy.cage.at(self._mean)
        swing = anatomy.jaw[:, None] * (at @ rig.jaw[:, :, :3].swapaxes(1, 2) + rig.jaw[:, None, :, 3])
        fields = np.stack([anatomy.skin @ base for base in rig.base]) + swing
        tongue = anatomy.refine[anatomy.range(Part.TONGUE)].indices
        fields[:, tongue] += rig.tongue
        return np.asarray(fields, np.float32)

    @cached_property
    def _fields(self) -> Array:
        """The rows of the rig as displacements (R, 3n) of the points."""
        fields = self.control_fields
        return self._posing.of_control(fields).reshape(len(fields), -1)

    @cached_property
    def _bases(self) -> tuple[Array, Array]:
        """The bases of expression (E, 3n) and identity (K, 3n) for the points."""
        matrix = self._posing.points.matrix
        expression, identity = (
            np.stack([(matrix @ field).ravel() for field in basis]) for basis in (self._expression, self._identity)
        )
        return expression, identity

    @cached_property
    def _mean_points(self) -> Array:
        return self._posing.points.at(self._mean).ravel()

    @cached_property
    def _eye_basis(self) -> Array:
        """What each identity component adds to the opening of both eyes, (K, 2)."""
        openings = self._posing.openings
        of_identity = np.stack([openings(points)[:2] for points in self._bases[1]])
        return np.asarray(of_identity / openings(self._mean_points)[:2])

    def _resting(self, identity: Array | None, n: int | None = None) -> _Resting:
        """That person's face at rest, of the first n (None: all) points; the last one of each n is cached."""
        size = (len(self._identity),)
        alpha = np.zeros(size, np.float32) if identity is None else np.asarray(identity, np.float32)
        key, last = alpha.tobytes(), self._last_resting.get(n)
        if last is None or last.key != key:
            alpha, numbers = checked("identity", alpha, size), slice(None if n is None else 3 * n)
            points = self._mean_points[numbers] + _weighted(alpha, self._bases[1][:, numbers])
            last = self._last_resting[n] = _Resting(key, points, self.eyes(alpha))
        return last


@dataclass(frozen=True, eq=False)
class _Resting:
    """A person's face at rest: the bytes of the identity, points (3n,) of those that determine the head, and `eyes`
    (2,) as in Moving.eyes."""

    key: bytes
    points: Array
    eyes: Array


def _weighted(weights: Array, rows: Array) -> Array:
    """The sum of `rows` (k, n) weighted by `weights` (k,). It avoids BLAS, whose threads cost more than they save
    here.
    """
    return np.einsum("k,kn->n", weights, rows)
