"""Topology of the base mesh: the 468 points of mediapipe's Face Mesh, and their mirror images.

The triangles are an asset, which research/training/topology.py makes from mediapipe's edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from expnet_live.core.paths import asset
from expnet_live.core.types import Array
from expnet_live.meshes.subdivision import boundary_loops

ASSET = "face_mesh.npz"
N_BASE = 468
# "Right" is the person's right, at x < 0.
FOREHEAD_TOP, CHIN = 10, 152
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
RIGHT_LID_UPPER, RIGHT_LID_LOWER = 159, 145
LEFT_LID_UPPER, LEFT_LID_LOWER = 386, 374
LIP_UPPER_INNER, LIP_LOWER_INNER = 13, 14
MOUTH_RIGHT_INNER = 78
RIGHT_IRIS, LEFT_IRIS = 468, 473
NOSE_TIP = 1

# Lines that outline a face, as paths over the base points; paths that end where they begin are closed.
CONTOURS: dict[str, tuple[int, ...]] = {
    "oval": (
        10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
        377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356, 389, 251, 284, 332, 297, 338, 10,
    ),
    "lips outer": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61),
    "lips inner": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78),
    "right eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33),
    "left eye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263),
    "right brow": (46, 53, 52, 65, 55, 107, 66, 105, 63, 70, 46),
    "left brow": (276, 283, 282, 295, 285, 336, 296, 334, 293, 300, 276),
    "nose bridge": (168, 6, 197, 195, 5, 4, 1),
    "nose base": (64, 98, 97, 2, 326, 327, 294),
}  # fmt: skip

# Face Mesh points at iBUG's 68 landmarks of a face in a picture, in its order: jaw, brows, nose, eyes, lips; two points
# mean their midpoint. On other heads, such as ICT's, ten of them are elsewhere: `correspondence.IBUG_ON_HEADS`.
IBUG: tuple[int | tuple[int, int], ...] = (
    127, 234, (93, 132), 58, 172, 150, 149, 148, 152, 377, 378, 379, 397, 288, (323, 361), 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 195, 4, (97, 98), 97, 2, 326, (326, 327),
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
RIGHT_OF_TOP, LEFT_OF_TOP = 109, 338  # next to FOREHEAD_TOP on the oval


def eye_distance(points: Array) -> Array:
    """From one outer corner of the eyes to the other, (...), in the first two coordinates of points (..., 468, n)."""
    return np.asarray(np.linalg.norm(points[..., LEFT_EYE_OUTER, :2] - points[..., RIGHT_EYE_OUTER, :2], axis=-1))


@dataclass(frozen=True, eq=False)
class Topology:
    """Triangles (F, 3) int32, counter-clockwise seen from +z, and boundary rings of vertex indices.

    The rings run in their triangles' direction: the oval (36,) counter-clockwise from the top of
    the forehead, lips (20,) and eyes (16,) clockwise from the corner named in their comment.
    """

    triangles: Array
    oval: Array
    lips: Array  # from the person's right corner of the mouth
    right_eye: Array  # from the outer corner
    left_eye: Array  # from the outer corner


def ibug_points(points: Array) -> Array:
    """iBUG's 68 landmarks (68, n) from Face Mesh points (468, n)."""
    first, second = np.array([i if isinstance(i, tuple) else (i, i) for i in IBUG]).T
    result: Array = (points[first] + points[second]) / 2
    return result


@cache
def base_topology() -> Topology:
    """The Face Mesh topology, as `expnet-live train topology` stores it. Raises UserError if it is missing."""
    with np.load(asset(ASSET), allow_pickle=False) as z:
        return topology_of_triangles(z["triangles"])


def topology_of_triangles(triangles: Array) -> Topology:
    """Find the boundary rings of the base triangles (F, 3) by the landmarks they contain."""
    rings = boundary_loops(triangles)

    def ring_from(first: int) -> Array:
        ring = next(r for r in rings if first in r)
        return np.roll(ring, -int(np.flatnonzero(ring == first)[0])).astype(np.int32)

    return Topology(
        triangles=np.asarray(triangles, np.int32),
        oval=ring_from(FOREHEAD_TOP),
        lips=ring_from(MOUTH_RIGHT_INNER),
        right_eye=ring_from(RIGHT_EYE_OUTER),
        left_eye=ring_from(LEFT_EYE_OUTER),
    )


def mirror_of_mesh(triangles: Array) -> Array:
    """The permutation (478,) that swaps left and right, from the base triangles (852, 3); it includes the irises."""
    third = {(a, b): c for t in triangles.tolist() for a, b, c in (t, (t[1], t[2], t[0]), (t[2], t[0], t[1]))}
    partner = {FOREHEAD_TOP: FOREHEAD_TOP, RIGHT_OF_TOP: LEFT_OF_TOP}
    # Directed edges with their mirror images, whose triangles have the opposite orientation; start at the top of the
    # oval.
    pending = [(FOREHEAD_TOP, RIGHT_OF_TOP, FOREHEAD_TOP, LEFT_OF_TOP)]
    seen = set()
    while pending:
        a, b, ma, mb = pending.pop()
        if (a, b) in seen or (a, b) not in third:
            continue
        c, mc = third[a, b], third[mb, ma]
        seen |= {(a, b), (b, c), (c, a)}
        partner[c] = mc
        pending += [(c, b, mc, mb), (a, c, ma, mc)]
    iris = np.array([0, 3, 2, 1, 4])
    of_face = np.array([partner[i] for i in range(N_BASE)])
    return np.concatenate([of_face, LEFT_IRIS + iris, RIGHT_IRIS + iris])


def mirror_permutation(points: Array) -> Array:
    """The permutation p such that `points[p] * (-1, 1, 1)` is `points`, for a symmetric frontal face.

    points (N, 3); x = 0 need not be the exact plane of symmetry, and the face need only be symmetric
    up to small noise. Raises ValueError if no consistent pairing exists.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    p = np.asarray(points, np.float64)
    mirrored = p * (-1.0, 1.0, 1.0)
    for _ in range(10):
        order = linear_sum_assignment(cdist(p, mirrored) ** 2)[1]
        shift = np.mean(p[:, 0] - mirrored[order, 0])
        if abs(shift) < 1e-6:
            break
        mirrored[:, 0] += shift
    if not np.array_equal(order[order], np.arange(len(p))):
        raise ValueError("The face is too asymmetric to pair its left and right points.")
    return np.asarray(order, np.int32)
