"""The Basel Face Model as the release modified it: S = shapeMU + shapePC (shapeEV alpha) + expMU + expPC (expEV eta).

Paysan et al., *A 3D face model for pose and illumination invariant face recognition*, AVSS 2009, with the 29 expression
components of 3DDFA (Zhu et al., CVPR 2016).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from expnet_live.core.arrays import UNREADABLE
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, checked
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.head import Part, Traits
from expnet_live.official.store import HOW, Store

N_SHAPE = 99
N_EXPRESSION = 29
N_TEXTURE = 99
_NOSE = (0.0, 2.2, 35.0)  # mm: the tip of our own face model's
_DIRECTIONS = 200


@dataclass(frozen=True, eq=False)
class BaselArrays:
    """The stored data: means (N, 3) in mm, colours 0..255, bases (K, 3N) times their standard deviations, the triangles
    (F, 3) from 0 in the release's order, and the vertices `marks` (468,) at the points of the Face Mesh, or none."""

    shape_mean: Array
    shape: Array
    expression_mean: Array
    expression: Array
    texture_mean: Array
    texture: Array
    triangles: Array
    marks: Array

    def save(self, path: Path) -> None:
        np.savez(path, **{f.name: getattr(self, f.name) for f in fields(self)})


class BaselModel:
    """A Head (see face_model.heads) whose names and identity are those of the release's networks."""

    name = "Basel Face Model"
    names = tuple(f"exp{i:02d}" for i in range(1, N_EXPRESSION + 1))
    n_identity = N_SHAPE

    def __init__(self, arrays: BaselArrays) -> None:
        self._arrays = arrays
        self._mean = arrays.shape_mean + arrays.expression_mean
        self.traits = Traits(marks=arrays.marks if len(arrays.marks) else None)
        # Same origin as our face model, so that both have the same framing wherever they are drawn.
        nose = self._mean[self._mean[:, 2].argmax()] - np.array(_NOSE)
        self.origin: Array = (self._mean[arrays.marks].mean(0) if len(arrays.marks) else nose).astype(np.float32)
        self._last: tuple[bytes, Array] = (b"", np.empty(0, np.float32))

    @classmethod
    def load(cls, path: Path | None = None) -> BaselModel:
        """The imported model, or the one in `path`. Raises UserError if it is missing or damaged."""
        path = path or Store().path_of("bfm")
        try:
            with path.open("rb") as f, np.load(f, allow_pickle=False) as z:
                return cls(BaselArrays(**{field.name: z[field.name] for field in fields(BaselArrays)}))
        except UNREADABLE as e:
            raise UserError(f"{path} is damaged; {HOW}.") from e

    # --- as in the release ------------------------------------------------------------------

    def shape_only(self, identity: Array) -> Array:
        """shapeMU + shapePC (shapeEV alpha), (N, 3) mm, in the model's own frame."""
        return self._arrays.shape_mean + self._shape(identity)

    def shape_and_expression(self, identity: Array, expression: Array) -> Array:
        """... + expMU + expPC (expEV eta)."""
        return self._mean + self._shape(identity) + self._moved(expression)

    def colors_of(self, texture: Array) -> Array:
        """texMU + texPC (texEV beta), RGB (N, 3) uint8."""
        beta = checked("texture", texture, (N_TEXTURE,))
        colors: Array = np.clip(self._arrays.texture_mean + _points(beta, self._arrays.texture), 0, 255)
        return colors.astype(np.uint8)

    def _shape(self, identity: Array) -> Array:
        return _points(checked("identity", identity, (N_SHAPE,)), self._arrays.shape)

    def _moved(self, expression: Array) -> Array:
        return _points(checked("expression", expression, (N_EXPRESSION,)), self._arrays.expression)

    @property
    def released_triangles(self) -> Array:
        """(F, 3) in the release's order of corners."""
        return self._arrays.triangles

    # --- as it is measured and drawn ------------------------------------------------------------

    @cached_property
    def triangles(self) -> Array:
        """(F, 3) int32, counter-clockwise from outside."""
        return outward(self._arrays.shape_mean, self._arrays.triangles)

    @cached_property
    def colors(self) -> Array:
        return self.colors_of(np.zeros(N_TEXTURE))

    def colored(self, colors: Array) -> BaselModel:
        """The same head in other colours (N, 3) uint8 RGB."""
        other = copy(self)
        other.__dict__["colors"] = colors
        return other

    @cached_property
    def normals(self) -> NormalOperator:
        return NormalOperator(self.triangles, len(self._arrays.shape_mean))

    @cached_property
    def middle(self) -> Array:
        """The centre (3,) of the mean face's vertices, in the model's own frame."""
        result: Array = self._mean.mean(0)
        return result

    def vertices(
        self,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
    ) -> Array:
        """Vertices (N, 3) float32 mm, with the same origin as other heads; its eyes do not turn, and it has no rig."""
        return self._resting(identity) + self._moved(expression)

    def face_mesh(
        self, expression: Array, identity: Array | None = None, blendshapes: Array | None = None
    ) -> tuple[Array, Array]:
        """Vertices and unit normals; the model is only a face."""
        vertices = self.vertices(expression, identity)
        return vertices, self.normals(vertices)

    def _resting(self, identity: Array | None) -> Array:
        """Vertices (N, 3) of a person without expression; the last person is cached."""
        alpha = checked("identity", np.zeros(N_SHAPE) if identity is None else identity, (N_SHAPE,))
        key, points = self._last
        if key != alpha.tobytes():
            points = self._mean - self.origin + self._shape(alpha)
            self._last = alpha.tobytes(), points
        return points

    # --- as morph targets (see face_model.heads.ShapedHead) ---------------------------------------

    shape_names = names

    @property
    def shapes(self) -> Array:
        return self._arrays.expression.reshape(N_EXPRESSION, -1, 3)

    def shape_weights(self, expression: Array) -> Array:
        return expression

    def eye_centers(self, vertices: Array) -> dict[Part, Array]:
        """None: it has no eyes."""
        return {}

    # --- as what drives other heads (see face_model.transfer) -------------------------------------

    @cached_property
    def _marks(self) -> Array:
        if self.traits.marks is None:
            raise UserError(
                "The Basel model's face could not be located, so no other head can follow it; choose the built-in head."
            )
        return self.traits.marks

    @cached_property
    def mean(self) -> Array:
        """At the points of the Face Mesh, (468, 3) mm."""
        points: Array = self._mean - self.origin
        return points[self._marks]

    @cached_property
    def expression(self) -> Array:
        return self.shapes[:, self._marks]

    @cached_property
    def identity(self) -> Array:
        return self._arrays.shape.reshape(N_SHAPE, -1, 3)[:, self._marks]

    @property
    def prior_mean(self) -> Array:
        return np.zeros(N_EXPRESSION, np.float32)

    @property
    def prior_covariance(self) -> Array:
        return np.eye(N_EXPRESSION, dtype=np.float32)

    @cached_property
    def outline(self) -> tuple[Array, Array]:
        """The outermost vertices of the mean in many directions, see pipeline.look."""
        mean: Array = self._mean - self.origin
        # Evenly distributed over the sphere, by the golden angle.
        i = np.arange(_DIRECTIONS)
        z, angle = 1 - 2 * (i + 0.5) / _DIRECTIONS, i * np.pi * (3 - np.sqrt(5))
        directions = np.stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z])
        points = np.unique((mean @ directions).argmax(0))
        rows = (3 * points[:, None] + np.arange(3)).ravel()
        return mean[points], np.concatenate([self._arrays.expression[:, rows], self._arrays.shape[:, rows]])


def outward(points: Array, triangles: Array) -> Array:
    """Triangles (F, 3), flipped if necessary, so that they are counter-clockwise from outside."""
    a, b, c = (points[triangles[:, i]] - points.mean(0) for i in range(3))
    return triangles if (a * np.cross(b, c)).sum() > 0 else np.ascontiguousarray(triangles[:, ::-1])


def _points(weights: Array, rows: Array) -> Array:
    """The weighted sum (N, 3) of `rows` (K, 3N) by `weights` (K,), without BLAS, whose threads take the network's
    cores.
    """
    points: Array = np.einsum("k,kn->n", weights, rows)
    return points.reshape(-1, 3)
