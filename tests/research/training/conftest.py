"""Pictures of the demo clip, and the crops that are made of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from mesh import landmarker

from expnet_live.capture.sources import open_source
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.crops import CropSet, make_crops
from expnet_live.research.training.labels import LabelSet, make_labels
from expnet_live.research.training.landmarks import detect_landmarks
from expnet_live.research.training.photos import list_photos


@pytest.fixture(scope="session")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for frame in open_source("demo"):
        if frame.index % 30 == 0:
            cv2.imwrite(str(folder / f"p{frame.index:04d}.png"), frame.image)
    cv2.imwrite(str(folder / "nobody.png"), np.full((120, 160, 3), 90, np.uint8))
    (folder / "broken.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="session")
def crops(folder: Path, model: FaceModel) -> CropSet:
    refs = list_photos([folder])
    with landmarker():
        landmarks = detect_landmarks(refs, folder / "landmarks.npz", jobs=1)
    labels = make_labels(landmarks, np.array([r.key for r in refs]), model)
    reasons = dict(zip((k.split("/")[1] for k in labels.key), labels.reason, strict=True))
    assert reasons["nobody.png"] == reasons["broken.jpg"] == "no face found"
    assert labels.good.sum() >= len(refs) - 3
    labels.save(folder / "labels.npz")
    assert np.array_equal(LabelSet.load(folder / "labels.npz").reason, labels.reason)
    rows = np.flatnonzero(labels.good)
    return make_crops({r.key: r for r in refs}, landmarks, labels, rows, model, folder / "crops.npy", jobs=1)
