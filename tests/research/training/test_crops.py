"""Photos to landmarks to labels to crops, on a few pictures of the demo head; who is held out."""

from __future__ import annotations

import pickle
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mesh import landmarker
from torch.utils.data import DataLoader

from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import base_topology, mirror_of_mesh
from expnet_live.research.training.augment import PLAIN
from expnet_live.research.training.crops import CropSet, make_crops
from expnet_live.research.training.dataset import FaceDataset
from expnet_live.research.training.labels import LabelSet, make_labels
from expnet_live.research.training.landmarks import LandmarkDetector, LandmarkSet, detect_landmarks
from expnet_live.research.training.photos import PhotoMeta, list_photos, read_metadata
from expnet_live.research.training.split import held_out, split_by_scene
from expnet_live.research.training.workspace import Photos, landmarks_of


def test_landmarks_resume_from_their_parts(folder: Path, crops: CropSet) -> None:
    del crops
    before = (folder / "landmarks.npz").stat().st_mtime_ns
    detect_landmarks(list_photos([folder]), folder / "landmarks.npz", jobs=1)
    assert (folder / "landmarks.npz").stat().st_mtime_ns == before
    assert not (folder / "landmarks.parts").exists()


def test_a_part_of_other_photos_is_made_again(folder: Path, crops: CropSet, tmp_path: Path) -> None:
    del crops
    refs, left = list_photos([folder]), LandmarkSet.load(folder / "landmarks.npz")
    (tmp_path / "some.parts").mkdir()
    left.save(tmp_path / "some.parts" / "00000.npz")
    with landmarker():
        assert detect_landmarks(refs[:2], tmp_path / "some.npz", jobs=1).key.tolist() == [r.key for r in refs[:2]]


def test_crops_of_others_are_not_taken_for_those_of_the_photos(folder: Path, crops: CropSet, model: FaceModel) -> None:
    """They could have been made with other labels, and would teach nonsense."""
    landmarks, labels = LandmarkSet.load(folder / "landmarks.npz"), LabelSet.load(folder / "labels.npz")
    refs, rows = {r.key: r for r in list_photos([folder])}, np.flatnonzero(labels.good)

    def made(rows: np.ndarray, labels: LabelSet) -> CropSet:
        return make_crops(refs, landmarks, labels, rows, model, folder / "crops.npy", jobs=1)

    assert np.array_equal(made(rows, labels).picture(1), crops.picture(1))
    moved = replace(labels, origin=labels.origin + 1)
    for other in ((rows[1:], labels), (np.roll(rows, 1), labels), (rows, moved)):
        with pytest.raises(UserError, match="holds crops of other photos or labels"):
            made(*other)
    (folder / "crops.sha256").rename(folder / "kept")  # as of an earlier version
    assert len(made(rows, labels)) == len(crops)
    (folder / "kept").rename(folder / "crops.sha256")


def test_pictures_stay_on_disk(crops: CropSet, model: FaceModel) -> None:
    data = FaceDataset(crops, model, 112, PLAIN)
    assert len(pickle.dumps(crops)) < len(crops) * crops.picture(0).nbytes / 4
    (batch,) = DataLoader(data, len(data), num_workers=1, multiprocessing_context="spawn")
    assert torch.equal(batch["image"][1], data[1]["image"])


def test_photos_without_faces_get_a_sentence(folder: Path, crops: CropSet, model: FaceModel) -> None:
    del crops
    landmarks = LandmarkSet.load(folder / "landmarks.npz")
    nobody = replace(landmarks, landmarks=np.full_like(landmarks.landmarks, np.nan))
    with pytest.raises(UserError, match="None of these photos has a face that can be labelled"):
        make_labels(nobody, landmarks.key, model)


def test_photos_that_a_cache_of_landmarks_lacks_are_told(
    folder: Path, crops: CropSet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del crops
    cv2.imwrite(str(tmp_path / "more.png"), np.zeros((120, 160, 3), np.uint8))
    args = Namespace(landmarks=folder / "landmarks.npz", teacher=None, jobs=1)
    landmarks_of(args, Photos.of([folder], []))
    assert not caplog.records
    landmarks_of(args, Photos.of([folder, tmp_path], []))
    assert "1 of the photos are not in" in caplog.text


def test_without_a_network_for_landmarks_the_command_ends(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of a pool that cannot start would be started again for ever."""
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))
    monkeypatch.setattr("expnet_live.pipeline.face_mesh._solution", lambda video, confidence: None)
    with pytest.raises(UserError, match=r"face_landmarker\.task"):
        detect_landmarks(list_photos([folder]), tmp_path / "landmarks.npz", jobs=1)


def test_looks_at_a_photo_agree_on_a_face_and_not_on_one_upside_down() -> None:
    image = next(iter(open_source("demo"))).image
    with landmarker():
        detector = LandmarkDetector()
    looks = detector.look(image)
    assert looks is not None and looks.spread < 3
    mirror_image = detector.look(np.ascontiguousarray(image[:, ::-1]))
    assert mirror_image is not None
    # Predictions for a picture and its mirror image agree.
    swapped = mirror_image.landmarks[mirror_of_mesh(base_topology().triangles)]
    swapped[:, 0] = image.shape[1] - 1 - swapped[:, 0]
    eyes = np.linalg.norm(looks.landmarks[33, :2] - looks.landmarks[263, :2])
    assert np.linalg.norm((swapped - looks.landmarks)[:468, :2], axis=1).mean() / eyes < 0.01
    upside_down = detector.look(np.ascontiguousarray(image[::-1]))
    assert upside_down is None or upside_down.spread > looks.spread


def test_a_table_that_names_no_photo_is_told(
    folder: Path, crops: CropSet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del crops
    here = tmp_path / f"{folder.name}.csv"
    here.write_text("\ufefffile,subject,emotion\np0000.png,anna\n", encoding="utf-8")  # as Excel saves it
    assert Photos.of([folder], [here]).meta[f"{folder.name}/p0000.png"] == PhotoMeta("anna", "")
    assert not caplog.records
    Photos.of([folder], [here.rename(tmp_path / "people.csv")])
    assert "people.csv names none of the photos" in caplog.text
    (tmp_path / "bad.csv").write_text("photo,who\np0000.png,anna\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"bad\.csv is not a CSV with a column file"):
        Photos.of([folder], [tmp_path / "bad.csv"])


def test_held_out_people_are_held_out_whole(tmp_path: Path) -> None:
    table = tmp_path / "album.csv"
    names = [f"s{i // 4}_{i}" for i in range(400)]
    table.write_text("file,subject,emotion\n" + "".join(f"{n},{n.split('_')[0]},neutral\n" for n in names))
    keys = [f"album/{n}" for n in names]
    held = held_out(keys, read_metadata([table])).reshape(-1, 4)
    assert (held.all(1) | ~held.any(1)).all()
    assert 0 < held.mean() < 0.5


def test_pictures_of_one_scene_stay_on_one_side() -> None:
    rng = np.random.default_rng(3)
    scenes = [cv2.GaussianBlur(rng.integers(0, 256, (40, 40, 3), np.uint8), (0, 0), 3) for _ in range(60)]
    thumbs, keys = [], []
    for i, scene in enumerate(scenes):
        copies = scene[4:36, 4:36], scene[4:36, 4:36][:, ::-1], scene[3:35, 5:37]
        thumbs += list(copies)
        keys += [f"eyes/{i}_{k}.jpg" for k in range(3)]
    none = np.zeros(len(keys), bool)
    split = split_by_scene(np.array(keys), np.stack(thumbs), ~none, none)
    held = split.held_out.reshape(-1, 3)
    assert (held.all(1) | ~held.any(1)).all() and 0 < held.mean() < 0.5
    assert not (split.train & split.held_out).any()
    other = split_by_scene(np.array([k.replace("eyes", "album") for k in keys]), np.stack(thumbs), ~none, none)
    assert other.train.all()  # elsewhere names tell
