"""The ICT head's lids shut and lie on the eye, whatever the head's shape."""

from __future__ import annotations

import numpy as np
import pytest
from places import SHARED

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.made.ict import EYES, Performer

ICT = SHARED / "data/ict"
GRID = 0.25  # mm between rays
needs_ict = pytest.mark.skipif(
    not (ICT / "ict_face_model_light.npz").is_file(), reason="the ICT Face Model Light is not beside the repository"
)


@pytest.fixture(scope="module")
def head() -> Performer:
    path, indices = ICT / "ict_face_model_light.npz", ICT / "obj_sample/vertex_indices.json"
    return Performer.load(path, indices, FaceModel.load())


def shapes(head: Performer, count: int) -> list[Array]:
    rng = np.random.default_rng(0)
    return [
        head.neutral + np.tensordot(rng.normal(0, 0.8, len(head.identity)).astype(np.float32), head.identity, 1)
        for _ in range(count)
    ]


def seen_of_eye(head: Performer, vertices: Array, side: str) -> int:
    """The number of rays from the front, GRID apart, that meet the eye before anything else."""
    eye = EYES[side]
    low, high = vertices[eye, :2].min(0), vertices[eye, :2].max(0)
    size = np.ceil((high - low) / GRID).astype(int) + 1
    depth, of_eye = np.full(size, -np.inf), np.zeros(size, bool)
    corners = vertices[head.triangles]
    near = (
        (corners[:, :, :2].min(1) < high).all(1)
        & (corners[:, :, :2].max(1) > low).all(1)
        & (corners[..., 2].min(1) > -40)
    )
    for triangle, (a, b, c) in zip(head.triangles[near], corners[near], strict=True):
        first = np.clip(np.ceil((np.min((a, b, c), 0)[:2] - low) / GRID).astype(int), 0, size)
        last = np.clip(np.floor((np.max((a, b, c), 0)[:2] - low) / GRID).astype(int) + 1, 0, size)
        sides = np.array([b - a, c - a])[:, :2].T
        if (last <= first).any() or abs(np.linalg.det(sides)) < 1e-9:
            continue
        i, j = np.meshgrid(*map(np.arange, first, last), indexing="ij")
        u, v = np.linalg.solve(sides, (np.stack([i, j], -1).reshape(-1, 2) * GRID + low - a[:2]).T)
        z = np.where((u >= 0) & (v >= 0) & (u + v <= 1), a[2] + u * (b - a)[2] + v * (c - a)[2], -np.inf).reshape(
            i.shape
        )
        before = z > depth[i, j]
        depth[i[before], j[before]] = z[before]
        of_eye[i[before], j[before]] = eye.start <= triangle[0] < eye.stop
    return int(of_eye.sum())


@needs_ict
def test_a_full_blink_shuts_the_eyes_of_every_head(head: Performer) -> None:
    shut = np.zeros(N_BLENDSHAPES, np.float32)
    shut[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    rest = np.zeros_like(shut)
    for shape in shapes(head, 6):
        for side in EYES:
            open_ = seen_of_eye(head, head.vertices(shape, rest, 0.5, lashes=False), side)
            left = seen_of_eye(head, head.vertices(shape, shut, 0.5, lashes=False), side)
            assert open_ > 1500
            assert left < 0.03 * open_
