"""Face colours, learned from portraits of our own making: the model rendered under varied exposure."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.render.shading import Surface, render
from expnet_live.research.training.colors import mean_face_colors
from expnet_live.research.training.landmarks import N_LANDMARKS, LandmarkSet
from expnet_live.research.training.photos import list_photos

N_PHOTOS = 24


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module")
def photos(model: FaceModel, tmp_path_factory: pytest.TempPathFactory) -> tuple[LandmarkSet, Path]:
    folder = tmp_path_factory.mktemp("portraits")
    surface = Surface(model.triangles, model.colors, model.anatomy.shine)
    view = WeakPerspective(np.zeros(3), 1.0, 100, 110)
    shape = model.expression_of(mouthPress=1.5)
    vertices = model.vertices(shape, gaze=np.zeros((2, 2)))
    portrait = render(surface, vertices, model.normals(vertices), view, (200, 220))
    seen = view.project(model.landmarks(shape))
    # Shut and frontal whatever the model's own mouth does at rest.
    seen[14, 1] = seen[13, 1]
    points: Array = np.full((N_PHOTOS, N_LANDMARKS, 3), np.nan, np.float32)
    for i in range(N_PHOTOS):
        cv2.imwrite(str(folder / f"{i:02d}.png"), cv2.convertScaleAbs(portrait, alpha=0.6 + 0.4 * i / N_PHOTOS))
        points[i, :468] = seen * (1, 1, -1)
    nothing = np.full((N_PHOTOS, 52), np.nan, np.float32)
    keys = np.array([f"{folder.name}/{i:02d}.png" for i in range(N_PHOTOS)])
    size = np.tile([200, 220], (N_PHOTOS, 1))
    return LandmarkSet(
        key=keys,
        landmarks=points,
        spread=np.zeros(N_PHOTOS, np.float32),
        scores=nothing,
        flip=np.zeros(N_PHOTOS, np.int8),
        size=size,
        thumb=np.zeros((N_PHOTOS, 32, 32, 3), np.uint8),
        score_names=np.array([], str),
    ), folder


def test_lips_brows_and_skin_are_learned_and_symmetric(model: FaceModel, photos: tuple[LandmarkSet, Path]) -> None:
    landmarks, folder = photos
    colors = mean_face_colors(landmarks, list_photos([folder]), model, painted=0.0)
    assert colors.shape == (model.n_face, 3) and colors.dtype == np.uint8
    forehead, lip, brow = (colors[i].astype(int).min(0) for i in ([151, 108], [17], [52, 65, 66, 105]))
    assert (brow < forehead - 25).all()
    assert lip[0] - lip[1] > forehead[0] - forehead[1] + 10  # redder
    assert np.abs(colors[:468].astype(int) - colors[model.mirror]).max() <= 2
    assert np.ptp(colors[[10, 152, 234, 454]].astype(int), axis=0).max() < 25  # plain skin at the oval


def test_too_few_photos_are_refused(model: FaceModel, photos: tuple[LandmarkSet, Path]) -> None:
    with pytest.raises(UserError, match="give more photos"):
        mean_face_colors(photos[0], list_photos([photos[1]])[:5], model)
