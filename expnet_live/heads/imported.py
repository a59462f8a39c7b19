"""An imported face model as a head driven by another model's coefficients."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.types import Array, checked, checked_blendshapes
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.blendshape_names import plain_name, shapes_of, stays_apart
from expnet_live.heads.head import SHINE, SKIN_SHINE, Part, Traits
from expnet_live.heads.posing import gaze_rotation
from expnet_live.heads.rig import Rig, gaze_of
from expnet_live.heads.transfer import Driver, RigDriver, Transfer, identity_transfer
from expnet_live.meshes.subdivision import edges_of

if TYPE_CHECKING:
    from expnet_live.heads.shapes import ShapeModel

_TURNED = 1.0  # mm by which a shape that turns eyeballs moves them
_UNSEEN = 0.004  # weight of a shape
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_SIDES = (Part.RIGHT_EYE, Part.LEFT_EYE)


class ImportedHead:
    """A Head (see head.py) of `model`, driven by the coefficients of `driver`."""

    def __init__(self, name: str, model: ShapeModel, driver: Driver) -> None:
        self.name, self.names, self.n_identity = name, driver.names, len(driver.identity)
        self.triangles, self.colors = model.triangles, model.colors
        self.model = model
        self.transfer = Transfer(driver, model)
        self._driver = driver
        size = model.mean.size
        self._mean = model.mean.ravel()
        self._identity = identity_transfer(driver, model).T @ model.identity.reshape(-1, size)
        shapes = model.expression.reshape(-1, size)
        # Multiply out a linear transfer, so that each frame reads fewer columns.
        linear = self.transfer.matrix
        self._linear = linear is not None
        self._shapes = shapes if linear is None else linear.T @ shapes
        self.shape_names = model.expression_names if linear is None else driver.names
        self._resting: tuple[bytes, Array] = (b"", self._mean)
        balls = {side: np.flatnonzero(model.part == side) for side in _SIDES}
        self._eyes = {side: ball for side, ball in balls.items() if len(ball)}
        # Relative to the mean of their vertices, which moves with identity.
        self._centers = {
            side: sphere_center(model.mean[ball]) - model.mean[ball].mean(0) for side, ball in self._eyes.items()
        }

    @cached_property
    def traits(self) -> Traits:
        part = self.model.part
        shine = np.array([SHINE.get(p, SKIN_SHINE) for p in Part], np.float32)[part]
        behind = np.isin(part, (Part.FACE, Part.LID_RIM))
        edges = edges_of(self.triangles)[0]
        return Traits(
            part=part,
            shine=shine,
            marks=self.model.marks,
            wires=edges[behind[edges].all(1)],
            own_colors=not self.model.painted,
        )

    def colored(self, colors: Array) -> ImportedHead:
        """The same head in other colours (V, 3) uint8 RGB."""
        other = copy(self)
        other.colors = colors
        return other

    @cached_property
    def normals(self) -> NormalOperator:
        return NormalOperator(self.triangles, len(self.colors))

    def weights(self, expression: Array) -> Array:
        """The model's own expression coefficients (J,) float32."""
        return self.transfer(checked("expression", expression, (len(self.names),)))

    @property
    def shapes(self) -> Array:
        """The shapes of `shape_weights`, (J, V, 3) mm."""
        return self._shapes.reshape(len(self._shapes), -1, 3)

    def shape_weights(self, expression: Array) -> Array:
        return expression if self._linear else self.transfer(expression)

    def eye_centers(self, vertices: Array) -> dict[Part, Array]:
        return {side: vertices[ball].mean(0) + self._centers[side] for side, ball in self._eyes.items()}

    def vertices(
        self,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
    ) -> Array:
        """Vertices (V, 3) float32 mm; `gaze` as in FaceState turns the eyes if the model identifies them.

        `blendshapes` directly drive the shapes of their names; see Head.
        """
        if blendshapes is None:
            eta = checked("expression", expression, (len(self.names),))
            weights, shapes = self.shape_weights(eta), self._shapes
        else:
            actions = checked_blendshapes(blendshapes)
            weights, shapes = self.action_weights(actions), self.action_shapes.reshape(-1, self._mean.size)
            if self.eyes_look:
                gaze = None
            elif gaze is None:
                gaze = gaze_of(actions)
        out = _sum(self._rest(identity), weights, shapes).reshape(-1, 3)
        if gaze is not None:
            self._turn_eyes(out, gaze)
        return out

    def action_weights(self, blendshapes: Array) -> Array:
        """The weights of `action_shapes`, float32, for ARKit's weights (52,)."""
        actions = blendshapes.copy()
        actions[_CLOSE] = min(actions[_CLOSE], actions[_JAW])
        if self.model.signed:
            return actions
        weights = np.clip(self._actions @ actions, 0, 1)
        # Skip shapes that are practically at rest.
        return np.where(weights < _UNSEEN, 0, weights)

    @property
    def action_names(self) -> tuple[str, ...]:
        """The names of `action_shapes`."""
        return ARKIT if self.model.signed else self.model.expression_names

    @cached_property
    def action_shapes(self) -> Array:
        """The shapes that ARKit's weights move, (J, V, 3) mm: the model's blendshapes, or, for a statistical model,
        each action as a precomputed linear combination of its components."""
        shapes = self.model.expression
        return np.tensordot(self._actions.T, shapes, 1) if self.model.signed else shapes

    @cached_property
    def _actions(self) -> Array:
        """The matrix (J, 52) from actions to the shapes of their names; if no name is ARKit's, to those that together
        come nearest to our rig."""
        theirs = [plain_name(name) for name in self.model.expression_names]
        out = np.zeros((len(theirs), len(ARKIT)), np.float32)
        if not self.model.signed:
            for k, name in enumerate(ARKIT):
                out[list(shapes_of(name, theirs)), k] = 1
        if not out.any():
            by_points = Transfer(RigDriver(self._driver, Rig.load()), self.model)
            if by_points.matrix is not None:
                return by_points.matrix
            for k in (k for k, name in enumerate(ARKIT) if not stays_apart(name)):
                out[:, k] = by_points(np.eye(len(ARKIT))[k])
        return out

    @cached_property
    def eyes_look(self) -> bool:
        """Whether shapes already turn the eyes."""
        looks = [k for k, name in enumerate(self.model.expression_names) if "eyelook" in plain_name(name).lower()]
        balls = np.concatenate([*self._eyes.values(), np.empty(0, np.int64)])
        moved = np.linalg.norm(self.model.expression[looks][:, balls], axis=2)
        return bool(moved.max(initial=0) > _TURNED)

    def _rest(self, identity: Array | None) -> Array:
        """Vertices (3V,) of a face at rest; the last person is cached."""
        if identity is None:
            return self._mean
        alpha = checked("identity", identity, (self.n_identity,))
        key, points = self._resting
        if key != alpha.tobytes():
            points = _sum(self._mean, alpha, self._identity)
            self._resting = (alpha.tobytes(), points)
        return points

    def _turn_eyes(self, vertices: Array, gaze: Array) -> None:
        turns = dict(zip(_SIDES, gaze_rotation(gaze), strict=True))
        for side, middle in self.eye_centers(vertices).items():
            ball = self._eyes[side]
            vertices[ball] = (vertices[ball] - middle) @ turns[side].T + middle


def _sum(start: Array, weights: Array, rows: Array) -> Array:
    """`start` (n,) plus `rows` (k, n) weighted by `weights` (k,). It avoids BLAS, whose threads would take the
    network's cores, and skips blendshapes at rest, which most are at any time."""
    total, step = start.copy(), np.empty_like(start)
    for k in np.flatnonzero(weights):
        np.multiply(rows[k], weights[k], out=step)
        total += step
    return total


def sphere_center(points: Array) -> Array:
    """The centre (3,) of the best-fitting sphere of points (n, 3), or their mean if there are too few."""
    middle = points.mean(0, dtype=np.float64)
    if len(points) >= 4:
        at = points - middle
        equations = np.column_stack([2 * at, np.ones(len(at))])
        middle = middle + np.linalg.lstsq(equations, (at**2).sum(1), rcond=None)[0][:3]
    center: Array = middle.astype(np.float32)
    return center
