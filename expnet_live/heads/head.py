"""The interface of heads: our own face model, the Basel Face Model, and imported heads.

Code that draws or writes a head needs only `Head`. `Traits` hold features that only some heads have (parts, hair, a
wireframe of their own); a head without them is all skin, without hair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Protocol

import numpy as np

from expnet_live.core.types import Array
from expnet_live.heads.lashes import Lashes
from expnet_live.heads.look import Look
from expnet_live.heads.strands import Strands


class Part(IntEnum):
    """The part that a vertex belongs to; "right" is the person's right, at x < 0."""

    FACE = 0
    SHELL = 1
    LID_RIM = 2
    MOUTH = 3
    RIGHT_EYE = 4
    LEFT_EYE = 5
    UPPER_TEETH = 6
    LOWER_TEETH = 7
    TONGUE = 8
    LASHES = 9
    EARS = 10


# How wet each part looks, 0 to 1; plain skin is not listed.
SHINE = {
    Part.SHELL: 0.2,
    Part.LID_RIM: 0.5,
    Part.MOUTH: 0.15,
    Part.RIGHT_EYE: 1.0,
    Part.LEFT_EYE: 1.0,
    Part.UPPER_TEETH: 0.6,
    Part.LOWER_TEETH: 0.6,
    Part.TONGUE: 0.45,
    Part.LASHES: 0.1,
    Part.EARS: 0.2,
}


SKIN_SHINE = 0.25


@dataclass(frozen=True, eq=False)
class Traits:
    """Traits of a head's V vertices; None if unknown.

    `part` (V,) see Part; `shine` (V,) 0 matte to 1 wet; `marks` (468,) the vertex at each point of the Face Mesh;
    `wires` (E, 2) the edges of its wireframe; `halved` the first and the end of the triangles that may be drawn more
    coarsely, see subdivision.coarser; `hair` (V,) 0..1 as it is worn, `scalp` (V,) as it could be; `brows` (V, 3) see
    brows.py; `folds` (V,) how much light (0..1) is lost in skin folds that are finer than the mesh; `own_colors`: its
    colours came with it, so that a person's skin does not change them; `look` is that of a head with hair, whose locks
    `grow` makes, and its lashes `lashes`.
    """

    part: Array | None = None
    shine: Array | None = None
    marks: Array | None = None
    wires: Array | None = None
    halved: tuple[int, int] = (0, 0)
    hair: Array | None = None
    scalp: Array | None = None
    brows: Array | None = None
    folds: Array | None = None
    own_colors: bool = False
    look: Look | None = None
    grow: Callable[[], Strands] = Strands.none
    lashes: Callable[[], Lashes | None] = lambda: None

    @cached_property
    def locks(self) -> Strands:
        """The locks of its hair; the first access takes a while."""
        return self.grow()

    def parts(self, n: int) -> Array:
        """`part` of n vertices, all of them FACE if unknown."""
        return np.zeros(n, np.int8) if self.part is None else self.part

    def shines(self, n: int) -> Array:
        return np.full(n, SKIN_SHINE, np.float32) if self.shine is None else self.shine


class Head(Protocol):
    """A head that can be drawn. Its vertices are in mm, x right, y up, z towards the viewer, in life size.

    `names` are the expression coefficients that drive it, `n_identity` the number of identity coefficients: both are
    the network's, whatever the head is made of. `triangles` (F, 3) are counter-clockwise from outside, `colors` (V, 3)
    uint8 RGB. `normals` maps vertices (V, 3) to unit normals (V, 3) float32.
    """

    @property
    def name(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def n_identity(self) -> int: ...

    @property
    def triangles(self) -> Array: ...

    @property
    def colors(self) -> Array: ...

    @property
    def traits(self) -> Traits: ...

    def colored(self, colors: Array, /) -> Head:
        """The same head in other colours (V, 3) uint8 RGB."""
        ...

    @property
    def normals(self) -> Callable[[Array], Array]: ...

    def vertices(
        self,
        expression: Array,
        identity: Array | None = None,
        gaze: Array | None = None,
        blendshapes: Array | None = None,
    ) -> Array:
        """Vertices (V, 3) float32 mm; `gaze` as in FaceState, for heads whose eyes turn.

        `blendshapes`, ARKit's weights (52,) in 0..1, move the head instead of `expression`, and also its eyes if there
        is no `gaze`. A head that does not support them uses `expression`.
        """
        ...


class ShapedHead(Head, Protocol):
    """A head that is exactly its vertices at rest plus a weighted sum of `shapes` (J, V, 3) mm, like morph targets.

    Its eyes turn about `eye_centers`; otherwise, only shapes move them.
    """

    @property
    def shape_names(self) -> tuple[str, ...]: ...

    @property
    def shapes(self) -> Array: ...

    def shape_weights(self, expression: Array) -> Array:
        """The weight of each shape, (J,), for an expression (n,)."""
        ...

    def eye_centers(self, vertices: Array) -> dict[Part, Array]:
        """The centre (3,) of each eye for the head's vertices (V, 3); empty if the eyes do not turn."""
        ...


def expression_of(names: Sequence[str], **coefficients: float) -> Array:
    """An expression from named coefficients; the others are at rest. Names that the head lacks are ignored."""
    return np.array([coefficients.get(name, 0.0) for name in names], np.float32)


def face_triangles(head: Head) -> Array:
    """The triangles (F, 3) of the face alone: without skull, neck and ears, where a picture shows the person's own."""
    behind = np.isin(head.traits.parts(len(head.colors)), (Part.SHELL, Part.EARS))
    return head.triangles[~behind[head.triangles].any(1)]
