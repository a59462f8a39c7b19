"""Loop subdivision of triangle meshes as a linear map."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from expnet_live.core.types import Array


def edges_of(triangles: Array) -> tuple[Array, Array, Array]:
    """Undirected edges of triangles (F, 3).

    Returns the edges (E, 2) with the smaller index first, the edge of each triangle corner
    (F, 3) (edge k runs from corner k to corner k + 1), and how many triangles share each edge (E,).
    """
    corners = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1)
    a, b = corners.reshape(-1, 2).astype(np.int64).T
    n = int(corners.max(initial=0)) + 1
    code, index, count = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_inverse=True, return_counts=True)
    return np.stack([code // n, code % n], 1), index.reshape(-1, 3), count


def trails_of(edges: Array) -> list[Array]:
    """Edges (E, 2) as few lines of vertices (n,) that run along each of them once."""
    around: dict[int, dict[int, None]] = {}
    for a, b in edges.tolist():
        around.setdefault(a, {})[b] = None
        around.setdefault(b, {})[a] = None
    lines = []
    # A line that begins at a vertex with an odd number of edges ends at another such vertex.
    for start in [v for v in around if len(around[v]) % 2] + list(around):
        while around[start]:
            line = [start]
            while ahead := around[line[-1]]:
                onward, _ = ahead.popitem()
                del around[onward][line[-1]]
                line.append(onward)
            lines.append(np.array(line))
    return lines


def loop_subdivision(
    triangles: Array, n_vertices: int, rounds: int = 1, creases: Array | None = None
) -> tuple[sparse.csr_matrix, Array]:
    """Loop subdivision (C. Loop, 1987, with Warren's vertex weights) of a mesh with boundaries.

    `creases` (E, 2) are inner edges, in closed rings, that follow the rules of a boundary.
    Returns the matrix (V2, V) from the old vertices to the new ones, and the new triangles
    (F * 4**rounds, 3) int32: the first V rows belong to the old vertices, and triangle i is
    part of the old triangle i modulo F.
    Raises ValueError if an edge has more than two triangles.
    """
    matrix = sparse.identity(n_vertices, format="csr", dtype=np.float64)
    faces = np.asarray(triangles)
    sharp = np.empty((0, 2), np.int64) if creases is None else np.sort(creases, axis=1)
    for _ in range(rounds):
        step, faces, sharp = _subdivide(faces, matrix.shape[0], sharp)
        matrix = step @ matrix
    return matrix.tocsr(), faces.astype(np.int32)


def coarser(triangles: Array, needed: Array) -> Array:
    """Triangles (4n, 3), as a round of `loop_subdivision` made them, without the new vertices that are not `needed`.

    `needed` (V,) bool. Triangles on both sides of an edge agree on the vertex that divides it, so no gap opens.
    """
    first, second, third, middles = np.split(triangles, 4)
    corners = np.stack([first[:, 0], second[:, 0], third[:, 0]], 1)
    divided = needed[middles]
    parts = [corners[~divided.any(1)], *(part[divided.all(1)] for part in (first, second, third, middles))]
    for k in range(3):
        # Begin each at its edge k.
        (a, b, c), (ab, bc, _) = np.roll(corners, -k, 1).T, np.roll(middles, -k, 1).T
        on_ab, on_bc, on_ca = np.roll(divided, -k, 1).T
        one, two = on_ab & ~on_bc & ~on_ca, on_ab & on_bc & ~on_ca
        parts += [np.stack(t, 1)[one] for t in ((a, ab, c), (ab, b, c))]
        parts += [np.stack(t, 1)[two] for t in ((ab, b, bc), (a, ab, bc), (a, bc, c))]
    return np.concatenate(parts)


def _subdivide(triangles: Array, n: int, creases: Array) -> tuple[sparse.csr_matrix, Array, Array]:
    edges, edge_of, count = edges_of(triangles)
    if count.max(initial=0) > 2:
        raise ValueError("The mesh cannot be subdivided: an edge has more than two triangles.")
    sharp = np.isin(edges @ (n, 1), creases @ (n, 1))
    border = (count == 1) | sharp
    inner = ~border
    a, b = edges.T

    # Edge points: 3/8 of each end + 1/8 of each opposite corner; midpoints on the boundary.
    end_weight = np.where(inner, 3 / 8, 1 / 2)
    opposite = np.roll(triangles, -2, axis=1)  # corner opposite edge k (k -> k + 1)
    keep = inner[edge_of]
    rows = [np.arange(len(edges)), np.arange(len(edges)), edge_of[keep]]
    cols = [a, b, opposite[keep]]
    data = [end_weight, end_weight, np.full(int(keep.sum()), 1 / 8)]
    edge_points = _coo(rows, cols, data, (len(edges), n))

    # Old vertices: 1 - k*w of themselves + w of each neighbour; 3/4 + 1/8 + 1/8 along the boundary.
    on_border = np.zeros(n, bool)
    on_border[edges[border]] = True
    valence = np.bincount(edges.ravel(), minlength=n)
    w = np.where(valence == 3, 3 / 16, 3 / (8 * np.maximum(valence, 1)))
    self_weight = np.where(on_border, 3 / 4, np.where(valence > 0, 1 - valence * w, 1.0))
    rows, cols, data = [np.arange(n)], [np.arange(n)], [self_weight]
    for p, q in ((a, b), (b, a)):
        m = inner & ~on_border[p]
        rows, cols, data = [*rows, p[m]], [*cols, q[m]], [*data, w[p[m]]]
        rows, cols, data = [*rows, p[border]], [*cols, q[border]], [*data, np.full(int(border.sum()), 1 / 8)]
    old_points = _coo(rows, cols, data, (n, n))

    e = edge_of + n
    t = triangles
    faces = np.concatenate(
        [
            np.stack([t[:, 0], e[:, 0], e[:, 2]], 1),
            np.stack([t[:, 1], e[:, 1], e[:, 0]], 1),
            np.stack([t[:, 2], e[:, 2], e[:, 1]], 1),
            e,
        ]
    )
    middle = np.flatnonzero(sharp) + n
    halves = np.concatenate([np.stack([a[sharp], middle], 1), np.stack([b[sharp], middle], 1)])
    return sparse.vstack([old_points, edge_points]).tocsr(), faces, halves


def _coo(rows: list[Array], cols: list[Array], data: list[Array], shape: tuple[int, int]) -> sparse.coo_matrix:
    return sparse.coo_matrix((np.concatenate(data), (np.concatenate(rows), np.concatenate(cols))), shape=shape)


def boundary_loops(triangles: Array) -> list[Array]:
    """Boundary rings in the direction of their triangles, longest first."""
    a, b = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2).astype(np.int64).T
    n = int(np.max(triangles, initial=0)) + 1
    alone = ~np.isin(a * n + b, b * n + a)
    follow = dict(zip(a[alone].tolist(), b[alone].tolist(), strict=True))
    loops = []
    while follow:
        first, vertex = follow.popitem()
        loop = [first]
        while vertex != first:
            loop.append(vertex)
            vertex = follow.pop(vertex)
        loops.append(np.array(loop))
    return sorted(loops, key=len, reverse=True)
