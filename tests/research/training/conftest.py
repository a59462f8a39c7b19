"""Pictures of the demo clip, and the crops that are made of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from mesh import landmarker

from expnet_live.capture.sources import open_source
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.actions.material import MADE, Material
from expnet_live.research.training.actions.shelf import Labelled, save_part
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


def _labelled(key: str, rng: np.random.Generator, model: FaceModel) -> Labelled:
    scores = rng.random(52).astype(np.float32)
    scale = 0.59
    points = model.mean[:468, :2] * [scale, -scale] + 103.5
    return Labelled(
        key=key,
        image=rng.integers(0, 256, (208, 208, 3), np.uint8),
        scores=scores,
        mirrored=scores,
        points=points.astype(np.float32),
        spread=1.0,
        rotation=np.zeros(3, np.float32),
        scale=scale,
        origin=np.array([103.5, 103.5], np.float32),
        expression=rng.normal(0, 1, 29).astype(np.float32),
        identity=rng.normal(0, 1, model.n_identity).astype(np.float32),
        gaze=np.zeros((2, 2), np.float32),
    )


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory, model: FaceModel) -> Path:
    """A folder of pictures with random labels: photos of an album, frames of clips, made ones."""
    folder, rng = tmp_path_factory.mktemp("labelled"), np.random.default_rng(1)
    keys = [f"album/{i}" for i in range(30)] + [f"somebody/{i}" for i in range(20)] + ["grid_swiz3n/0"]
    save_part(folder, "one", [_labelled(k, rng, model) for k in keys])
    save_part(folder, "two", [_labelled(f"{MADE}/{i}", rng, model) for i in range(8)])
    save_part(folder, "empty", [])
    return folder


@pytest.fixture(scope="session")
def material(labelled: Path) -> Material:
    return Material.of([labelled], {"album"}, {})
