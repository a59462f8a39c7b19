"""The 3D morphable face model S = mean + B_id alpha + B_exp eta, and the head drawn from it.

The base is the 468 points of mediapipe's Face Mesh. Everything drawn beyond them (two rounds of
Loop subdivision, eyeballs, lids, mouth, skull) is a linear map of those points, precomputed once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.arrays import UNREADABLE
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.paths import asset
from expnet_live.core.types import Array, checked, checked_blendshapes
from expnet_live.geometry.normals import BendingNormals, NormalOperator
from expnet_live.heads import eyes
from expnet_live.heads.anatomy import Anatomy, build_anatomy
from expnet_live.heads.head import Part, Traits
from expnet_live.heads.look import USUAL, Look
from expnet_live.heads.moving import Moving
from expnet_live.heads.own_traits import traits_of
from expnet_live.heads.posing import Posing, vertices_of
from expnet_live.heads.rig import Rig, gaze_of
from expnet_live.heads.strands import Strands
from expnet_live.heads.topology import NOSE_TIP, topology_of_triangles
from expnet_live.heads.transfer import RigDriver, named_weights

NAME = "ExpNet Live"
ASSET = "face_model.npz"
SCHEMA = 2  # 1 had components that span less
# Actions that bend skin at the back of the head, on the neck and in the mouth.
_BENDING = [INDEX[name] for name in ("jawOpen", "jawForward", "jawLeft", "jawRight", "cheekPuff", "mouthFunnel")]
# Parts that deform with every expression or rotate, and parts that do neither; of the others, some vertices deform.
_LIVELY = (Part.FACE, Part.LID_RIM, Part.RIGHT_EYE, Part.LEFT_EYE, Part.LOWER_TEETH, Part.TONGUE, Part.LASHES)
_STIFF = (Part.UPPER_TEETH, Part.EARS)
_KEPT = 8  # looks that are kept

_dressing = threading.Lock()

Mesher = Callable[[Array, Array | None, Array | None, Array | None], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class FaceModel:
    """Mean (468, 3) mm, bases in mm per standard deviation, and the Gaussian priors of their coefficients.

    `identity` (K, 468, 3) has the prior N(0, I); `expression` (29, 468, 3) has N(prior_mean,
    prior_covariance); its origin is the neutral face. `mirror` (468,) maps a point to its mirror
    image, `base_triangles` (852, 3) is the Face Mesh, `base_colors` are the RGB albedos (V, 3) of the
    subdivided face. `own_rig` replaces the built-in rig. `first` are the components of the first version, if it knows
    them.
    `look` are its hair and the colours of hair and eyes.

    >>> model = FaceModel.load()
    >>> vertices = model.vertices(model.expression_of(jawOpen=2.0))
    >>> vertices.shape == (len(model.colors), 3)
    True
    """

    mean: Array
    identity: Array
    expression: Array
    names: tuple[str, ...]
    prior_mean: Array
    prior_covariance: Array
    mirror: Array
    base_triangles: Array
    base_colors: Array
    own_rig: Rig | None = None
    look: Look = USUAL
    first: Array | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> FaceModel:
        """The model in `path`, or the built-in one. Raises UserError if it is not a face model."""
        path = path or asset(ASSET)
        try:
            with path.open("rb") as f, np.load(f, allow_pickle=False) as z:
                if int(z["schema"]) not in (1, SCHEMA):
                    raise UserError(f"{path} has another version; make it again with 'expnet-live train face-model'.")
                f32 = {
                    n: z[n].astype(np.float32)
                    for n in ("mean", "identity", "expression", "prior_mean", "prior_covariance")
                }
                return cls(
                    **f32,
                    names=tuple(str(n) for n in z["names"]),
                    mirror=z["mirror"],
                    base_triangles=z["base_triangles"],
                    base_colors=z["base_colors"],
                    first=z["first"].astype(np.float32) if "first" in z else None,
                )
        except UNREADABLE as e:
            raise UserError(f"{path} is not a face model; make one with 'expnet-live train face-model'.") from e

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {
            "schema": np.int32(SCHEMA),
            "mean": self.mean.astype(np.float32),
            "identity": self.identity.astype(np.float16),
            "expression": self.expression.astype(np.float16),
            "names": np.array(self.names),
            "prior_mean": self.prior_mean.astype(np.float32),
            "prior_covariance": self.prior_covariance.astype(np.float32),
            "mirror": self.mirror.astype(np.int16),
            "base_triangles": self.base_triangles.astype(np.int16),
            "base_colors": self.base_colors.astype(np.uint8),
        }
        if self.first is not None:
            arrays["first"] = self.first.astype(np.float16)
        with whole(path) as partial, partial.open("wb") as f:
            np.savez_compressed(f, **arrays)

    def in_version(self, version: str) -> FaceModel:
        """The model as recordings of that version have it: the expressions of the first one move another face."""
        if version != "1" or self.first is None:
            return self
        return replace(self, expression=self.first, first=None)

    def from_first(self, expression: Array) -> Array:
        """The expression (29,) that moves the face like one of the first version does (least squares)."""
        if self.first is None:
            return expression
        now, before = (basis.reshape(len(basis), -1).astype(np.float64) for basis in (self.expression, self.first))
        return np.linalg.lstsq(now.T, before.T @ expression, rcond=None)[0].astype(np.float32)

    @property
    def name(self) -> str:
        return NAME

    @property
    def n_expression(self) -> int:
        return len(self.names)

    @property
    def n_identity(self) -> int:
        return len(self.identity)

    def index(self, name: str) -> int:
        """The index of a component by its name, such as jawOpen. Raises KeyError for any other name."""
        if name not in self.names:
            raise KeyError(f"{name}: the face model has {', '.join(self.names)}")
        return self.names.index(name)

    def expression_of(self, **coefficients: float) -> Array:
        """An expression (29,) from named coefficients; the others are at rest. Raises KeyError for other names."""
        expression = np.zeros(self.n_expression, np.float32)
        for name, value in coefficients.items():
            expression[self.index(name)] = value
        return expression

    @cached_property
    def mirror_expression(self) -> tuple[Array, Array]:
        """The index and the sign of each component's mirror image."""
        flat = self.expression.reshape(self.n_expression, -1)
        seen = (self.expression * np.array([-1, 1, 1], np.float32))[:, self.mirror].reshape(self.n_expression, -1)
        likeness = seen @ flat.T / np.linalg.norm(flat, axis=1)[None] / np.linalg.norm(flat, axis=1)[:, None]
        partner = np.abs(likeness).argmax(1)
        return partner, np.sign(likeness[np.arange(self.n_expression), partner])

    @cached_property
    def mirror_identity(self) -> Array:
        """The sign (K,) of each identity component under mirroring."""
        seen = (self.identity * np.array([-1, 1, 1], np.float32))[:, self.mirror]
        sign: Array = np.sign((seen * self.identity).sum((1, 2))).astype(np.float32)
        return sign

    def mirrored(self, expression: Array, identity: Array) -> tuple[Array, Array]:
        """Expressions (..., 29) and identities (..., K) of the mirrored faces."""
        partner, sign = self.mirror_expression
        return expression[..., partner] * sign, identity * self.mirror_identity

    def landmarks(self, expression: Array, identity: Array | None = None, blendshapes: Array | None = None) -> Array:
        """The 468 Face Mesh points in mm, (468, 3); with `blendshapes` (52,), the rig moves them."""
        if blendshapes is None:
            moved = np.tensordot(checked("expression", expression, (self.n_expression,)), self.expression, 1)
        else:
            rows = self.action_rows(blendshapes, identity)
            moved = np.tensordot(rows, self.rig.base, 1)
        shape = self.mean + moved
        if identity is not None:
            shape = shape + np.tensordot(checked("identity", identity, (self.n_identity,)), self.identity, 1)
        result: Array = shape
        return result

    @cached_property
    def outline(self) -> tuple[Array, Array]:
        """The oval of the face and the tip of its nose: a few points that always include the outermost ones.

        Mean (n, 3) and basis (29 + K, 3n) of expression and identity, in mm.
        """
        points = np.append(topology_of_triangles(self.base_triangles).oval, NOSE_TIP)
        basis = np.concatenate([self.expression[:, points], self.identity[:, points]])
        return self.mean[points], basis.reshape(len(basis), -1)

    @cached_property
    def anatomy(self) -> Anatomy:
        return build_anatomy(self.mean, self.base_triangles, self.base_colors if len(self.base_colors) else None)

    @cached_property
    def posing(self) -> Posing:
        """The map from points to the vertices of the head."""
        return Posing(self.anatomy)

    @cached_property
    def moving(self) -> Moving:
        """What moves those points."""
        return Moving(self.mean, self.expression, self.identity, self.anatomy, self.posing, lambda: self.rig)

    @property
    def triangles(self) -> Array:
        """Triangles of the whole head, (F, 3) int32, those of the face first."""
        return self.anatomy.triangles

    @property
    def colors(self) -> Array:
        """RGB albedo of the head, (V, 3) uint8."""
        return self.anatomy.colors

    def dressed(self, look: Look) -> FaceModel:
        """The same head with another look: for each look, the same object."""
        with _dressing:
            known = self._dressed
            if look not in known:
                if len(known) > _KEPT:
                    del known[next(other for other in known if other != self.look)]
                known[look] = self._dress(look)
            return known[look]

    @cached_property
    def _dressed(self) -> dict[Look, FaceModel]:
        return {self.look: self}

    @cached_property
    def _grown(self) -> dict[str, Strands]:
        """The locks of each hair style that was worn."""
        return {}

    def _dress(self, look: Look) -> FaceModel:
        assert self._grown is not None  # shared by all
        other = copy(self)  # with all that has been computed
        other.__dict__.pop("traits", None)
        colors = self.anatomy.colors.copy()
        ball = np.clip(np.round(eyes.eyeball(look.iris)[2]), 0, 255)
        for part in self.anatomy.eyeballs:
            colors[part] = ball
        other.__dict__.update({"look": look, "anatomy": replace(self.anatomy, colors=colors)})
        return other

    def colored(self, colors: Array) -> FaceModel:
        """The same head in other colours (V, 3) uint8 RGB."""
        other = copy(self)  # with all that has been computed
        other.__dict__.pop("_dressed", None)
        other.__dict__["anatomy"] = replace(self.anatomy, colors=colors)
        return other

    @cached_property
    def traits(self) -> Traits:
        """Traits of the head's vertices."""
        resting = self.vertices(np.zeros(self.n_expression))
        return traits_of(self.mean, self.anatomy, self.look, resting, lambda: self.normals(resting), self._grown)

    @property
    def n_face(self) -> int:
        """The number of vertices of the subdivided face, which come first."""
        return self.anatomy.n_face

    @property
    def face_triangles(self) -> Array:
        """The triangles of the subdivided face."""
        return self.anatomy.triangles[: self.anatomy.n_face_triangles]

    @cached_property
    def coarse_triangles(self) -> Array:
        """A quarter of `face_triangles`, of the same vertices: those that the last round of subdivision has cut."""
        fine = self.face_triangles
        n = len(fine) // 4
        # In its first three blocks, each of them has one corner: see own_traits._base_edges.
        return np.stack([fine[:n, 0], fine[n : 2 * n, 0], fine[2 * n : 3 * n, 0]], axis=1)

    def vertices(
        self,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
    ) -> Array:
        """Vertices of the head in mm, (V, 3) float32; `gaze` as in FaceState.

        With `blendshapes`, ARKit's weights (52,), the rig moves the face instead of `expression`; without a `gaze`
        they also turn the eyes.
        """
        return vertices_of(self._rows(self.posing, expression, identity, gaze, blendshapes))

    def _rows(
        self, posing: Posing, expression: Array, identity: Array | None, gaze: Array | None, blendshapes: Array | None
    ) -> Array:
        """What `posing` computes, as rows."""
        if blendshapes is None:
            return posing.rows(self.moving.expressed(expression, identity), gaze)
        weights = checked_blendshapes(blendshapes)
        points, sealed = self.moving.acted(weights, identity)
        return posing.rows(points, gaze_of(weights) if gaze is None else gaze, sealed)

    def part(self, vertices: Array) -> Mesher:
        """A function that computes some of the vertices (n,), ascending, and their normals, both (n, 3), in less time
        than all, from a state as in `vertices`."""
        needed, normals = self.normals.only(vertices)
        posing, places = self.posing.only(needed), np.searchsorted(needed, vertices)

        def mesh(
            expression: Array, identity: Array | None, gaze: Array | None, blendshapes: Array | None
        ) -> tuple[Array, Array]:
            rows = self._rows(posing, expression, identity, gaze, blendshapes)
            return vertices_of(rows.take(places, axis=0)), normals(rows)

        return mesh

    def face_mesh(
        self, expression: Array, identity: Array | None = None, blendshapes: Array | None = None
    ) -> tuple[Array, Array]:
        """Vertices (n_face, 3) mm and unit normals of the face alone, for `face_triangles`: a third of the head."""
        posing, n = self.posing, self.posing.n_face_points
        if blendshapes is None:
            rows = posing.face(self.moving.expressed(expression, identity, n))
        else:
            rows = posing.face(*self.moving.acted(checked_blendshapes(blendshapes), identity, n))
        return vertices_of(rows), self._face_normals.of_rows(rows)

    @cached_property
    def rig(self) -> Rig:
        """The rig that moves it. Raises UserError if the asset is missing or has another version."""
        return self.own_rig or Rig.load()

    def rigged_by(self, rig: Rig) -> FaceModel:
        """The same face with another rig than the built-in one."""
        return replace(self, own_rig=rig)

    def action_rows(self, blendshapes: Array, identity: Array | None = None) -> Array:
        """The strength of each row of the rig (R,) for weights (52,) on that person; see Rig.rows."""
        weights = checked_blendshapes(blendshapes)
        if identity is None:
            return self.rig.rows(weights)
        return self.moving.rows(weights, self.eyes(checked("identity", identity, (self.n_identity,))))

    def eyes(self, identity: Array) -> Array:
        """The opening of the right and the left eye (2,) at rest, as multiples of the mean face's."""
        return self.moving.eyes(identity)

    @cached_property
    def action_deltas(self) -> Array:
        """The displacements of the vertices by the rig's rows, (R, V, 3) float32 mm, except for closing lids and
        lips.
        """
        return np.stack([self.anatomy.refine @ field for field in self.moving.control_fields])

    @cached_property
    def _named(self) -> Array:
        return named_weights(self, RigDriver(self, self.rig))

    def blendshapes_of(self, expression: Array) -> Array:
        """ARKit's weights (52,) float32 nearest to an expression (29,): linear in its positive and its
        negative coefficients, clipped to 0..1. For models that do not predict them."""
        eta = checked("expression", expression, (self.n_expression,))
        both = np.concatenate([np.maximum(eta, 0), np.maximum(-eta, 0)])
        return np.clip(self._named @ both, 0, 1).astype(np.float32)

    @cached_property
    def _face_normals(self) -> NormalOperator:
        return NormalOperator(self.face_triangles, self.n_face)

    @cached_property
    def normals(self) -> BendingNormals:
        """Computes unit normals of vertices (V, 3) when called, but only where the head deforms or rotates."""
        rng = np.random.default_rng(1)
        people = [(rng.standard_normal(self.n_expression), rng.standard_normal(self.n_identity)) for _ in range(6)]
        rest, anatomy = np.zeros(self.n_expression), self.anatomy
        samples = [self.vertices(*p) for p in people]
        samples += [self.vertices(rest, blendshapes=action) for action in np.eye(N_BLENDSHAPES)[_BENDING]]
        always, never = [anatomy.range(part) for part in _LIVELY], np.isin(anatomy.part, _STIFF)
        return BendingNormals(anatomy.triangles, self.vertices(rest), samples, always, never)
