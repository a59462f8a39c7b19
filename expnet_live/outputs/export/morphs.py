"""The head as a sum of shapes, for renderers that know only morph targets.

A head at rest plus each component times its coefficient is the model's linear part. The nonlinear part (closing lids
and lips, lids that stay in front of the eyes: see heads/posing.py) moves the skin beside the slits by up to some
millimetres. A few corrective shapes capture it: the principal directions of the residual over the exported moments, as
many as needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.anatomy import Anatomy
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head, Part, ShapedHead
from expnet_live.heads.imported import ImportedHead

TOLERANCE = 0.008  # mm by which a vertex may be off at any moment
FEW, ENOUGH = 46, 0.034  # so many correctives of ARKit's actions; more are made only where a vertex is off by more mm
SAMPLES = 256  # moments from which the first shapes are made
_AT_A_TIME = 64
_DAMPING = 1e-4  # of a weight's mean square
_BEND = 0.03  # mm: less is left to correctives
WORST = 64  # moments that make further ones, each time that not all are close enough


@dataclass(frozen=True, eq=False)
class Correctives:
    """`deltas` (n, m, 3) mm of the `vertices` (m,), and their weights (T, n), -1..1, at each moment.

    With them, no vertex is further than `residual` mm from the model's own mesh at any moment.
    """

    vertices: Array
    deltas: Array
    weights: Array
    residual: float


@dataclass(frozen=True, eq=False)
class Morphs:
    """A head at T moments: `resting` (V, 3) mm, plus `shapes` (J, V, 3) with `names` and, at `extra_vertices` (m,),
    `extra` (n, m, 3), weighted by `weights` (T, J + n).

    `eyes`: for each eye that turns, its centre at rest (3,) and at each moment (T, 3). The largest vertex error is
    `residual` mm.
    """

    resting: Array
    names: tuple[str, ...]
    shapes: Array
    extra_vertices: Array
    extra: Array
    weights: Array
    eyes: dict[Part, tuple[Array, Array]]
    residual: float


@dataclass(frozen=True, eq=False)
class Performance:
    """A face model at T moments: `shapes` (J, V, 3) with `names`, weighted by `weights` (T, J), except for closing
    slits; `vertices` gives the model's own (V, 3) for the number of a moment."""

    model: FaceModel
    names: tuple[str, ...]
    shapes: Array
    weights: Array
    vertices: Callable[[int], Array]

    @classmethod
    def measured(cls, model: FaceModel, expression: Array, identity: Array) -> Performance:
        """A performance of expressions (T, n)."""
        deltas = component_deltas(model)
        return cls(model, model.names, deltas, expression, lambda i: model.vertices(expression[i], identity))

    @classmethod
    def rigged(cls, model: FaceModel, blendshapes: Array, identity: Array) -> Performance:
        """A performance of ARKit's weights (T, 52); some pairs of actions have shapes of their own."""
        rows = np.stack([model.action_rows(w, identity) for w in blendshapes])
        rest, ahead = np.zeros(len(model.names), np.float32), np.zeros((2, 2), np.float32)

        def vertices(i: int) -> Array:
            return model.vertices(rest, identity, ahead, blendshapes[i])

        return cls(model, model.rig.names, model.action_deltas, rows, vertices)


def morphs_of(
    head: Head,
    expression: Array,
    identity: Array,
    blendshapes: Array | None = None,
    *,
    most: int,
    step: Callable[[int], None] = lambda n: None,
) -> Morphs:
    """The head at `expression` (T, n) with at most `most` extra shapes; `step` as in `correctives`.

    With complete `blendshapes` (T, 52), the shapes are ARKit's.
    """
    resting = head.vertices(np.zeros(len(head.names), np.float32), identity)
    if blendshapes is not None and not np.isfinite(blendshapes).all():
        blendshapes = None
    if not isinstance(head, FaceModel):
        return _shaped(cast(ShapedHead, head), resting, expression, blendshapes, step)
    if blendshapes is None:
        performance = Performance.measured(head, expression, identity)
        centers = eye_centers(head, expression, identity)
    else:
        performance = Performance.rigged(head, blendshapes, identity)
        centers = eye_centers(head, np.zeros_like(expression), identity)
    performance = folded(performance, resting, step)
    enough = TOLERANCE if blendshapes is None else ENOUGH
    found = correctives(performance, resting, most=most, enough=enough, step=step)
    at_rest = eye_centers(head, np.zeros((1, len(head.names))), identity)[0]
    eyes = {part: (at_rest[i], centers[:, i]) for i, part in enumerate((Part.RIGHT_EYE, Part.LEFT_EYE))}
    weights = np.hstack([performance.weights, found.weights])
    return Morphs(
        resting, performance.names, performance.shapes, found.vertices, found.deltas, weights, eyes, found.residual
    )


def _shaped(
    head: ShapedHead, resting: Array, expression: Array, blendshapes: Array | None, step: Callable[[int], None]
) -> Morphs:
    """For heads that are exactly a sum of shapes, only the shapes' rotation of eyeballs needs handling."""
    names, shapes, rest = head.shape_names, head.shapes, head.eye_centers(resting)
    if blendshapes is not None and isinstance(head, ImportedHead):
        names, shapes = head.action_names, head.action_shapes
        weights = np.stack([head.action_weights(w) for w in blendshapes])
        rest = {} if head.eyes_look else rest  # shapes that turn eyes keep doing so
    else:
        weights = np.stack([head.shape_weights(e) for e in expression])
    eyes, residual = {}, 0.0
    part = head.traits.parts(len(resting))
    for side, middle in rest.items():
        ball = shapes[:, part == side]
        moved = ball.mean(1)
        eyes[side] = (middle, middle + weights @ moved)
        bent = ball - moved[:, None]
        for start in range(0, len(weights), _AT_A_TIME):
            off = np.tensordot(weights[start : start + _AT_A_TIME], bent, 1)
            residual = max(residual, float(np.linalg.norm(off, axis=2).max()))
    step(len(expression))
    nothing = np.empty((0, 0, 3), np.float32)
    return Morphs(resting, names, shapes, np.empty(0, np.int64), nothing, weights, eyes, residual)


def component_deltas(model: FaceModel) -> Array:
    """The displacement of the vertices per standard deviation of each component, (n, V, 3) float32 mm, linear part."""
    anatomy = model.anatomy
    return np.stack([anatomy.refine @ (anatomy.cage.matrix @ field) for field in model.expression]).astype(np.float32)


def eye_centers(model: FaceModel, expression: Array, identity: Array) -> Array:
    """Centres (T, 2, 3) mm of the person's right and left eyeball for expressions (T, n)."""
    cage, at = model.anatomy.cage, model.anatomy.centers
    matrix, offset = cage.matrix[at], cage.offset[at]
    components = np.stack([matrix @ field for field in model.expression])
    resting = matrix @ model.landmarks(np.zeros(len(components)), identity) + offset
    centers: Array = resting + np.tensordot(expression, components, 1)
    return centers


def folded(performance: Performance, resting: Array, step: Callable[[int], None] = lambda n: None) -> Performance:
    """The same performance with shapes that do most of what slits need: least squares over some of its moments.

    What is left takes a third of the correctives. A little damping keeps shapes that hardly occur as they are.
    """
    missing = _Missing(performance, resting, step)
    moments = len(performance.weights)
    chosen = np.unique(np.linspace(0, moments - 1, SAMPLES).round().astype(int))
    weights = performance.weights[chosen].astype(np.float64)
    damped = weights.T @ weights + _DAMPING * len(chosen) * np.eye(weights.shape[1])
    bends = np.linalg.solve(damped, weights.T @ missing(chosen))
    shapes = performance.shapes.copy()
    bends = bends.reshape(len(shapes), -1, 3).astype(np.float32)
    bends[np.square(bends).sum(2) < _BEND**2] = 0
    shapes[:, missing.vertices] += bends
    return replace(performance, shapes=shapes)


def correctives(
    performance: Performance,
    resting: Array,
    *,
    most: int,
    enough: float = TOLERANCE,
    step: Callable[[int], None] = lambda n: None,
) -> Correctives:
    """The corrective shapes that a performance's own shapes, from `resting` (V, 3), need to match the model's mesh.

    There are at most `most`. `step` is called with the number of moments done, in each of usually one or two passes
    over all of them, and with 0 in between; it may raise.
    """
    missing = _Missing(performance, resting, step)
    moments = len(performance.weights)
    chosen = np.unique(np.linspace(0, moments - 1, SAMPLES).round().astype(int))
    first = missing(chosen)
    found = _directions_of_parts(first, missing.parts, most, step)
    if len(found) > FEW and enough > TOLERANCE:
        loose = _directions_of_parts(first, missing.parts, most, step, enough)
        found = loose if len(loose) > FEW else _directions_of_parts(first, missing.parts, FEW, step)
    while True:
        limit = enough if len(found) >= FEW else TOLERANCE
        weights, off, worst = _projected(missing, found, moments, limit, step)
        room = most - len(found)
        if off.max(initial=0) <= limit or not room:
            break
        more = _directions_of_parts(worst, missing.parts, room, step, limit)
        # Made of small remains they are not quite orthogonal to the others, and a projection would not be one.
        found = _orthonormal(np.vstack([found, more]), missing.parts)
    size = np.abs(weights).max(0, initial=1e-12)
    shapes = (found * size[:, None]).reshape(len(found), len(missing.vertices), 3)
    return Correctives(missing.vertices, shapes, weights / size, float(off.max(initial=0)))


class _Missing:
    """Computes the residual (n, 3m) mm of the linear part at the `vertices` (m,) for the numbers of moments (n,).

    `parts` (3, m) are masks of the vertices at the mouth and at each eye, which move for themselves.
    """

    def __init__(self, performance: Performance, resting: Array, step: Callable[[int], None]) -> None:
        anatomy = performance.model.anatomy
        lashes = np.arange(anatomy.lashes.start, anatomy.lashes.stop)
        self.vertices = np.unique(np.concatenate([*(c.vertices for c in anatomy.closings), *anatomy.lids, lashes]))
        eyes = np.stack([np.isin(self.vertices, vertices) for vertices in _of_eyes(anatomy)])
        self.parts = np.vstack([~eyes.any(0), eyes])
        self._performance, self._step = performance, step
        self._resting = resting[self.vertices].ravel()
        self._shapes = performance.shapes[:, self.vertices].reshape(len(performance.shapes), -1)

    def __call__(self, moments: Array) -> Array:
        linear = self._resting + self._performance.weights[moments] @ self._shapes
        missing: Array = np.stack([self._of(int(i)) for i in moments]) - linear
        return missing

    def _of(self, moment: int) -> Array:
        self._step(0)
        return self._performance.vertices(moment)[self.vertices].ravel()


def _of_eyes(anatomy: Anatomy) -> list[Array]:
    """The vertices of each eye's lids and lashes."""
    lashes = np.arange(anatomy.lashes.start, anatomy.lashes.stop)
    result = []
    for lids, closing in zip(anatomy.lids, anatomy.closings, strict=False):  # the mouth's closing comes last
        skin = np.concatenate([lids, closing.vertices])
        result.append(np.concatenate([skin, lashes[np.isin(anatomy.lash_roots, skin)]]))
    return result


def _directions_of_parts(
    missing: Array, parts: Array, most: int, step: Callable[[int], None], tolerance: float = TOLERANCE
) -> Array:
    """Directions (n, 3m), n <= most, each at the vertices of one of the masks `parts` (k, m): fewer vertices to store.

    Those that move vertices most come first, and are kept if there are too many.
    """
    found, sizes = [], []
    for part in np.repeat(parts, 3, axis=1):
        of_part = _directions(missing[:, part], most, step, tolerance)
        directions = np.zeros((len(of_part), missing.shape[1]), np.float32)
        directions[:, part] = of_part
        found.append(directions)
        sizes.append(np.square(missing @ directions.T).sum(0))
    order = np.argsort(-np.concatenate(sizes), kind="stable")[:most]
    chosen: Array = np.concatenate(found)[np.sort(order)]
    return chosen


def _orthonormal(directions: Array, parts: Array) -> Array:
    """Directions (n, 3m) that span the same, at each of the masks `parts` (k, m)."""
    result = np.zeros_like(directions)
    for part in np.repeat(parts, 3, axis=1):
        mine = directions[:, part].any(1)
        basis, _ = np.linalg.qr(directions[np.ix_(mine, part)].T.astype(np.float64))
        result[np.ix_(mine, part)] = basis.T
    return result


def _directions(missing: Array, most: int, step: Callable[[int], None], tolerance: float = TOLERANCE) -> Array:
    """The fewest orthonormal directions (n, 3m), n <= most, that leave no vertex of `missing` (S, 3m) too far off."""
    _, _, directions = np.linalg.svd(missing, full_matrices=False)
    low, high = 0, min(most, len(directions))
    while low < high:
        step(0)
        n = (low + high) // 2
        left = missing - (missing @ directions[:n].T) @ directions[:n]
        low, high = (low, n) if _furthest(left).max() <= tolerance else (n + 1, high)
    chosen: Array = directions[:low]
    return chosen


def _projected(
    missing: _Missing, found: Array, moments: int, tolerance: float, step: Callable[[int], None]
) -> tuple[Array, Array, Array]:
    """Weights (T, n) of the directions `found`, the largest residuals (T,) mm, and the residuals where they are
    largest.
    """
    weights: list[Array] = []
    off: list[Array] = []
    worst: list[tuple[float, int, Array]] = []
    for start in range(0, moments, _AT_A_TIME):
        wanted = missing(np.arange(start, min(start + _AT_A_TIME, moments)))
        weights.append(wanted @ found.T)
        left: Array = wanted - weights[-1] @ found
        off.append(_furthest(left))
        too_far = np.flatnonzero(off[-1] > tolerance)
        worst += [(float(off[-1][i]), start + int(i), left[i]) for i in too_far]
        worst = sorted(worst, reverse=True, key=lambda w: w[:2])[:WORST]
        step(len(wanted))
    return np.concatenate(weights), np.concatenate(off), np.array([w[2] for w in worst])


def _furthest(missing: Array) -> Array:
    """The largest vertex error (S,) of residuals (S, 3m)."""
    square = np.square(missing.reshape(len(missing), -1, 3)).sum(2)
    furthest: Array = np.sqrt(square.max(1))
    return furthest
