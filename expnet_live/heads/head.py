"""What can be drawn as a head: the model that measures, the Basel Face Model, or one that was imported.

Whoever draws or writes a head needs no more than `Head`. What only some heads have (parts, hair, a wireframe of their
own) is in `Traits`; where a head does not say, it is skin all over, without hair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from expnet_live.core.types import Array


class Part(IntEnum):
    """What a vertex belongs to; "right" is the person's right, at x < 0."""

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


# How wet each part looks, 0 to 1; plain skin is not among them.
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


@dataclass(frozen=True)
class Traits:
    """What is known of a head's V vertices; None where a head does not say.

    `part` (V,) see Part; `shine` (V,) 0 matte .. 1 wet; `marks` (468,) the vertex at each point of the Face Mesh;
    `wires` (E, 2) the edges of its wireframe; `hair` (V,) 0..1; `brows` (V, 3) see brows.py; `folds`
    (V,) how much light (0..1) folds of the skin lose that are finer than the mesh.
    """

    part: Array | None = None
    shine: Array | None = None
    marks: Array | None = None
    wires: Array | None = None
    hair: Array | None = None
    brows: Array | None = None
    folds: Array | None = None

    def parts(self, n: int) -> Array:
        """`part` of n vertices, all of them FACE where nothing is told."""
        return np.zeros(n, np.int8) if self.part is None else self.part

    def shines(self, n: int) -> Array:
        return np.full(n, SKIN_SHINE, np.float32) if self.shine is None else self.shine


class Head(Protocol):
    """A head that can be drawn. Its vertices are in mm, x right, y up, z towards the viewer, as large as a face is.

    `names` are the expression coefficients that it is driven by, `n_identity` the number of those of identity: the
    network's own, whatever the head is made of. `triangles` (F, 3) are counter-clockwise from outside, `colors` (V, 3)
    uint8 RGB. `normals` is called with vertices (V, 3) and gives unit normals (V, 3) float32.
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

        With `blendshapes`, ARKit's weights (52,) in 0..1, these move the head and not `expression`, and without a
        `gaze` its eyes as well. A head that knows nothing of them keeps to `expression`.
        """
        ...


class ShapedHead(Head, Protocol):
    """A head that is exactly its vertices at rest plus `shapes` (J, V, 3) mm by weights: what morph targets can do.

    Its eyes turn about `eye_centers`; all else of them may only be moved by shapes.
    """

    @property
    def shape_names(self) -> tuple[str, ...]: ...

    @property
    def shapes(self) -> Array: ...

    def shape_weights(self, expression: Array) -> Array:
        """Of each shape, (J,), for an expression (n,)."""
        ...

    def eye_centers(self, vertices: Array) -> dict[Part, Array]:
        """The middle (3,) of each eye, of the head's vertices (V, 3); empty where they do not turn."""
        ...


def expression_of(names: Sequence[str], **coefficients: float) -> Array:
    """An expression from named coefficients, the rest at rest; what a head has no name for is left out."""
    return np.array([coefficients.get(name, 0.0) for name in names], np.float32)


def face_triangles(head: Head) -> Array:
    """Those (F, 3) of the face alone: without skull, neck and ears, whose place the person's own take in a picture."""
    behind = np.isin(head.traits.parts(len(head.colors)), (Part.SHELL, Part.EARS))
    return head.triangles[~behind[head.triangles].any(1)]
