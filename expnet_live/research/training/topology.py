"""Makes the triangles of the base mesh from the edges of mediapipe's Face Mesh.

mediapipe publishes its tessellation as edges only. The triangles are its 3-cliques, except two that
are not faces, with three quads split anew so that left mirrors right; they are oriented
counter-clockwise as seen by the viewer.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from expnet_live.core.files import whole
from expnet_live.core.light_mediapipe import light_mediapipe
from expnet_live.core.types import Array
from expnet_live.heads.topology import FOREHEAD_TOP, RIGHT_OF_TOP

_FALSE_CLIQUES = frozenset({(49, 64, 129), (279, 294, 358)})
# Three quads of the left half are split along a different diagonal than on the right; a symmetric mesh
# needs the same diagonal.
_LEFT_AS_DRAWN = frozenset({
    (250, 309, 459), (250, 458, 459), (260, 388, 466), (260, 466, 467), (289, 290, 305), (289, 290, 392),
})  # fmt: skip
_LEFT_LIKE_RIGHT = frozenset({
    (250, 309, 458), (309, 458, 459), (260, 388, 467), (388, 466, 467), (289, 305, 392), (290, 305, 392),
})  # fmt: skip


def published_edges() -> Iterable[tuple[int, int]]:
    """The edges of the Face Mesh, as the installed mediapipe has them, whose releases have two names for them."""
    with light_mediapipe():
        try:
            from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION
        except ImportError:
            from mediapipe.tasks.python.vision.face_landmarker import FaceLandmarksConnections

            return [(c.start, c.end) for c in FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION]
    return list(FACEMESH_TESSELATION)


def triangles_of(edges: Iterable[tuple[int, int]]) -> Array:
    """The oriented triangles (852, 3) int32 between the edges."""
    return _oriented(_cliques(edges))


def save_topology(path: Path) -> None:
    """Write the triangles that mediapipe's edges give."""
    with whole(path) as partial, partial.open("wb") as f:
        np.savez_compressed(f, triangles=triangles_of(published_edges()).astype(np.int16))


def _cliques(edges: Iterable[tuple[int, int]]) -> Array:
    neighbours: dict[int, set[int]] = defaultdict(set)
    pairs = {(a, b) if a < b else (b, a) for a, b in edges}
    for a, b in pairs:
        neighbours[a].add(b)
        neighbours[b].add(a)
    found = {(a, b, c) for a, b in pairs for c in neighbours[a] & neighbours[b] if c > b}
    return np.array(sorted((found - _FALSE_CLIQUES - _LEFT_AS_DRAWN) | _LEFT_LIKE_RIGHT), np.int32)


def _oriented(triangles: Array) -> Array:
    """Orient all triangles the same way, starting from the one at the top of the oval."""
    faces_of: dict[frozenset[int], list[int]] = defaultdict(list)
    for i, t in enumerate(triangles.tolist()):
        for pair in itertools.combinations(t, 2):
            faces_of[frozenset(pair)].append(i)
    result: dict[int, tuple[int, int, int]] = {}
    # The outer boundary runs counter-clockwise, hence from the top of the forehead towards x < 0.
    pending = [(FOREHEAD_TOP, RIGHT_OF_TOP)]
    while pending:
        a, b = pending.pop()
        for i in faces_of[frozenset((a, b))]:
            if i not in result:
                (c,) = set(triangles[i].tolist()) - {a, b}
                result[i] = (a, b, c)
                pending += [(b, a), (c, b), (a, c)]
    return np.array([result[i] for i in range(len(triangles))], np.int32)
