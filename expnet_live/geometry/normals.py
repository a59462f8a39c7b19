"""Fast vertex normals of a fixed mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy

import cv2
import numpy as np

from expnet_live.core.types import Array

_STILL = np.cos(np.radians(5.0))  # normals that stay this close to those at rest are not computed anew


class NormalOperator:
    """Area-weighted vertex normals of a fixed mesh, a quarter of a millisecond for 13,000 of them.

    The triangles at a vertex have the area vector of the polygon around it. That is a sum over
    quadrilaterals of the cross product of their diagonals: two for the usual six neighbours, while
    triangle by triangle it takes six.
    """

    def __init__(self, triangles: Array, n_vertices: int, wanted: Array | None = None) -> None:
        """`wanted` are the vertices that need normals; None: all."""
        wanted = np.arange(n_vertices) if wanted is None else wanted
        asked = np.zeros(n_vertices, bool)
        asked[wanted] = True
        triangles = np.asarray(triangles, np.intp)
        self._n_vertices = n_vertices
        self._vertex, self._quads = _quads(triangles[asked[triangles].any(1)])
        self._arrange(np.asarray(wanted, np.intp))

    def only(self, wanted: Array) -> NormalOperator:
        """The operator of some of its vertices alone."""
        part = copy(self)
        part._arrange(np.asarray(wanted, np.intp))
        return part

    def among(self, others: Array) -> tuple[Array, NormalOperator]:
        """The vertices (m,) on whose places the normals depend, and `others`, ascending; and the same operator for them
        alone."""
        vertices = np.union1d(self._points, others)
        part = copy(self)
        part._points = np.searchsorted(vertices, self._points)
        return vertices, part

    def _arrange(self, wanted: Array) -> None:
        row = np.full(self._n_vertices, -1)
        row[wanted] = np.arange(len(wanted))
        asked = row[self._vertex] >= 0
        owner, quads = row[self._vertex[asked]], self._quads[asked]

        # A column of six points is two quads that share two of them, which is enough for most vertices.
        first = np.unique(owner, return_index=True)[1]
        pairs = first[np.isin(first + 1, np.flatnonzero(np.diff(owner, prepend=-1) == 0))]
        pairs = pairs[(quads[pairs][:, [0, 3]] == quads[pairs + 1][:, [0, 1]]).all(1)]
        points = np.tile(wanted, (6, 1))
        points[:, owner[first]] = quads[first].T[[0, 1, 2, 3, 3, 3]]
        points[4:, owner[pairs]] = quads[pairs + 1].T[2:]
        # Further quads have their own columns, which are added to those of their vertices, to each once at a time.
        others = np.setdiff1d(np.arange(len(owner)), np.concatenate([first, pairs + 1]))
        self._points = np.hstack([points, quads[others].T[[0, 1, 2, 3, 3, 3]]])
        self._n, self._added = len(wanted), list[tuple[Array, Array]]()
        left = np.arange(len(others))
        while len(left):
            at, once = np.unique(owner[others[left]], return_index=True)
            self._added.append((at, self._n + left[once]))
            left = np.delete(left, once)

    def __call__(self, vertices: Array) -> Array:
        """Unit normals (V, 3) float32 of vertices (V, 3); (0, 0, 1) where they are undefined."""
        rows = np.empty((1, len(vertices), 4), np.float32)
        cv2.mixChannels([np.asarray(vertices, np.float32)[None]], [rows], [0, 0, 1, 1, 2, 2, 0, 3])
        return self.of_rows(rows[0])

    def of_rows(self, rows: Array) -> Array:
        """Like a call, of vertices (V, 4) float32 with x, y, z and x again."""
        # Rows of 16 bytes are gathered as quickly as single numbers. Indices are correct by construction, and clipping
        # them is faster than checking them.
        p = rows.view(np.complex128).ravel().take(self._points, mode="clip").view(np.float32).reshape(6, -1)
        p[5] -= p[3]
        p[3] -= p[1]
        p[2::2] -= p[0]
        one, other = p[2::2], p[3::2]
        # Sums over both quads of z, x and y of the cross products, as the first three of four numbers: the rows are as
        # they were gathered, because arrays between would push others out of the cache.
        rows = np.zeros((p.shape[1] // 4, 4), np.float32)
        areas = rows.ravel()[:-1]
        np.einsum("qn,qn->n", one[:, :-1], other[:, 1:], out=areas)
        areas -= np.einsum("qn,qn->n", one[:, 1:], other[:, :-1])
        for at, columns in self._added:
            rows[at] += rows[columns]
        areas = cv2.transpose(rows[: self._n])[:3]

        length = np.sqrt(np.einsum("ij,ij->j", areas, areas))
        undefined = length < 1e-12
        if undefined.any():
            areas[0, undefined] = length[undefined] = 1.0
        areas /= length
        # As columns: for OpenCV 5, a row of numbers has no second axis.
        z, x, y = areas[..., None]
        return np.asarray(cv2.merge([x, y, z])[:, 0])


class BendingNormals:
    """Normals of a mesh some of whose parts bend, computed only where they change.

    Called with vertices (V, 3): unit normals (V, 3) float32. `resting` (V, 3) is the mesh at rest; `samples` show where
    it bends. The normals of the slices `always` are computed; vertices in `never` (V,) keep those at rest.
    """

    def __init__(
        self, triangles: Array, resting: Array, samples: Iterable[Array], always: Sequence[slice], never: Array
    ) -> None:
        whole = NormalOperator(triangles, len(resting))
        self._resting = whole(resting)
        bends = np.zeros(len(resting), bool)
        for sample in samples:
            bends |= np.einsum("ij,ij->i", whole(sample), self._resting) < _STILL
        for part in always:
            bends[part] = False
        self._scattered, self._ranges = np.flatnonzero(bends & ~never), always
        wanted = np.concatenate([*(np.arange(r.start, r.stop) for r in always), self._scattered])
        self._operator = whole.only(wanted)

    def only(self, wanted: Array) -> tuple[Array, Callable[[Array], Array]]:
        """For some of the vertices (n,): these and those on whose places their normals depend (m,), ascending, and a
        function from rows (m, 4) of their places, as in NormalOperator, to the same normals (n, 3)."""
        bends = np.zeros(len(self._resting), bool)
        bends[self._scattered] = True
        for part in self._ranges:
            bends[part] = True
        bending, resting = np.flatnonzero(bends[wanted]), self._resting[wanted]
        vertices, operator = self._operator.only(wanted[bending]).among(wanted)

        def normals(rows: Array) -> Array:
            result = resting.copy()
            result[bending] = operator.of_rows(rows)
            return result

        return vertices, normals

    def __call__(self, vertices: Array) -> Array:
        bent = self._operator(vertices)
        normals = self._resting.copy()
        start = 0
        for r in self._ranges:
            end = start + r.stop - r.start
            normals[r], start = bent[start:end], end
        normals[self._scattered] = bent[start:]
        return normals


def _quads(triangles: Array) -> tuple[Array, Array]:
    """Quads (n, 4) which at each vertex make up the area of its triangles (F, 3), and their vertex (n,), ascending.

    They partition the polygon of the vertex's neighbours (at a boundary, including the vertex itself), in
    order around it. A quad whose last two points coincide is a triangle.
    """
    vertex, start, end = (np.roll(triangles, -i, axis=1).ravel() for i in range(3))
    following = _following(vertex, start, end)
    unused = np.ones(len(vertex), bool)
    led = np.zeros(len(vertex), bool)
    led[following[following >= 0]] = True
    found = [np.empty((0, 5), np.intp)]

    def cut(owner: Array, base: Array, last: Array, at: Array) -> None:
        """Go around from the corners `at`, in steps of two."""
        while len(at):
            unused[at] = False
            middle, at = end[at], following[at]
            on = (at >= 0) & unused[at]
            unused[at[on]] = False
            far = np.where(on, end[at], middle)
            found.append(np.stack([owner, base, last, middle, far], 1))
            at = following[at]
            on &= (at >= 0) & unused[at]
            owner, base, last, at = owner[on], base[on], far[on], at[on]

    fans = np.flatnonzero(~led)
    cut(vertex[fans], vertex[fans], start[fans], fans)
    while unused.any():  # The remaining corners form rings, which may begin anywhere.
        left = np.flatnonzero(unused)
        rings = left[np.unique(vertex[left], return_index=True)[1]]
        unused[rings] = False
        cut(vertex[rings], start[rings], end[rings], following[rings])
    quads = np.concatenate(found)
    quads = quads[quads[:, 1] != quads[:, 3]]
    quads = quads[np.argsort(quads[:, 0], kind="stable")]
    return quads[:, 0], quads[:, 1:]


def _following(vertex: Array, start: Array, end: Array) -> Array:
    """For each corner of a triangle, the corner at the same vertex whose far edge begins where its own ends, or -1."""
    n = int(vertex.max(initial=0)) + 1
    code = vertex * n + start
    order = np.argsort(code, kind="stable")  # in a third of the time, because much is in order
    found = order.take(np.searchsorted(code[order], vertex * n + end), mode="clip") if len(order) else order
    there = np.flatnonzero(code[found] == vertex * n + end)
    # Where more than two triangles share an edge, each is followed once.
    there = there[np.unique(found[there], return_index=True)[1]]
    following = np.full(len(vertex), -1)
    following[there] = found[there]
    return following
