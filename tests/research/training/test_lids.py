"""The ICT head's lids shut and lie on the eye, whatever the head's shape."""

from __future__ import annotations

import numpy as np
import pytest
from places import SHARED
from rays import rays_that_meet

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.made.ict import EYES, Performer

ICT = SHARED / "data/ict"
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


@needs_ict
def test_a_full_blink_shuts_the_eyes_of_every_head(head: Performer) -> None:
    shut = np.zeros(N_BLENDSHAPES, np.float32)
    shut[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    rest = np.zeros_like(shut)
    for shape in shapes(head, 6):
        for side in EYES:
            open_ = rays_that_meet(EYES[side], head.vertices(shape, rest, 0.5, lashes=False), head.triangles)
            left = rays_that_meet(EYES[side], head.vertices(shape, shut, 0.5, lashes=False), head.triangles)
            assert open_ > 1500
            assert left < 0.03 * open_
