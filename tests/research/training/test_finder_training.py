"""The training pictures of the face finder, what it learns from them, and its ONNX file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import onnxruntime
import pytest
import torch

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.pipeline.finder import CHANNELS, STRIDE, Finder
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.finder.export import write_onnx
from expnet_live.research.training.finder.network import FinderNet
from expnet_live.research.training.finder.options import FinderConfig
from expnet_live.research.training.finder.pictures import SIZE, Composer, Face, maps_of
from expnet_live.research.training.finder.train import hard_scenes, loss_of, train_finder
from expnet_live.research.training.split import is_test_scene

# A plain disc with eyes and mouth, 90 px wide.
FACE = Face(np.array([104.0, 104.0]), 90.0, 0.0, np.array([[86.0, 90.0], [122.0, 90.0], [104.0, 125.0]]))


def disc(rng: np.random.Generator) -> tuple[Image, Face]:
    picture = np.full((208, 208, 3), 40, np.uint8)
    cv2.circle(picture, (104, 104), 45, (120, 160, 220), -1)
    for x, y in FACE.points.astype(int).tolist():
        cv2.circle(picture, (x, y), 6, (10, 10, 10), -1)
    return picture, FACE


class Discs:
    def __call__(self, rng: np.random.Generator) -> tuple[Image, Face]:
        return disc(rng)


@pytest.fixture
def composer() -> Composer:
    scenes = np.random.default_rng(0).integers(0, 255, (3, 288, 288, 3)).astype(np.uint8)
    return Composer(Discs(), cv2.blur(scenes.reshape(-1, 288, 3), (9, 9)).reshape(3, 288, 288, 3))


def test_where_a_placed_face_is_follows_its_picture() -> None:
    turn = np.array([[0.0, -2.0, 300.0], [2.0, 0.0, 10.0]])  # a quarter turn clockwise, twice as large
    placed = FACE.placed(turn)
    assert placed.side == pytest.approx(180) and placed.roll == pytest.approx(math.pi / 2)
    assert placed.center == pytest.approx([300 - 208, 10 + 208])
    assert placed.points[0] == pytest.approx([300 - 180, 10 + 172])


def test_pictures_have_faces_inside_and_maps_that_say_where(composer: Composer) -> None:
    rng = np.random.default_rng(1)
    count = 0
    for _ in range(40):
        picture, faces = composer(rng)
        assert picture.shape == (SIZE, SIZE, 3) and picture.dtype == np.uint8
        maps = maps_of(faces)
        assert maps.shape == (CHANNELS + 1, SIZE // STRIDE, SIZE // STRIDE)
        assert (maps[0] == 1).sum() <= len(faces)
        for face in faces:
            count += 1
            assert (face.center > 0).all() and (face.center < SIZE).all()
    assert 20 < count < 100


def test_the_answer_that_the_maps_ask_for_is_read_as_that_face(tmp_path: Path) -> None:
    from expnet_live.pipeline.finder import _faces

    face = Face(np.array([70.3, 110.8]), 50.0, 0.4, np.array([[60.0, 100.0], [82.0, 104.0], [66.0, 125.0]]))
    maps = maps_of([face])
    heat = np.where(maps[0] == 1, 3.0, -6.0).astype(np.float32)
    ((score, middle, side, roll, points),) = _faces(np.concatenate([heat[None], maps[1:-1]]), 0.0)
    assert score == pytest.approx(1 / (1 + math.exp(-3)))
    assert middle == pytest.approx(face.center, abs=0.01) and side == pytest.approx(50, rel=1e-3)
    assert roll == pytest.approx(0.4, abs=1e-3) and points == pytest.approx(face.points, abs=0.01)


def test_the_loss_is_least_for_the_right_answer() -> None:
    maps = torch.from_numpy(maps_of([Face(np.array([96.0, 96.0]), 60.0, 0.1, np.full((3, 2), 96.0))]))[None]
    right = maps[:, :-1].clone()
    right[:, 0] = torch.where(maps[:, 0] == 1, 9.0, -9.0)
    silent = right.clone()
    silent[:, 0] = -9.0
    wrong = right.clone()
    wrong[:, 3] += 0.5
    assert float(loss_of(right, maps)[1]) == 0 and float(loss_of(wrong, maps)[1]) > 0.4
    assert float(loss_of(silent, maps)[0]) > float(loss_of(right, maps)[0]) + 5


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = FinderNet()
    net.train()(torch.rand(4, 64, 64, 3) * 255)  # so that the normalisations have statistics
    path = write_onnx(net, tmp_path / "finder.onnx")
    assert path.stat().st_size <= 500_000
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 96, 128, 3)).astype(np.float32)
    said = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"pictures": pictures})
    with torch.inference_mode():
        expected = net.eval()(torch.from_numpy(pictures)).numpy()
    assert said[0].shape == (2, CHANNELS, 24, 32) and np.allclose(said[0], expected, atol=1e-3)
    assert Finder(min_score=0.999, path=path).detect(np.zeros((90, 120, 3), np.uint8)) == []


def test_what_is_no_finder_cannot_go_on(tmp_path: Path) -> None:
    (tmp_path / "finder.pt").write_bytes(b"no weights")
    config = FinderConfig(init=str(tmp_path / "finder.pt"), workers=0, threads=1)
    with pytest.raises(UserError, match=r"finder\.pt is no finder.pt of a training; choose another file"):
        train_finder(cast(Material, None), np.zeros((1, 3, 8, 8), np.uint8), tmp_path / "out", config)


def test_hard_scenes_are_among_those_of_training(composer: Composer) -> None:
    assert set(hard_scenes(composer, FinderNet()).tolist()) <= {0, 1, 2}


def test_one_scene_in_five_is_for_the_test() -> None:
    assert 0.15 < np.mean([is_test_scene(f"scenes/{i}.webp") for i in range(2000)]) < 0.25


def test_the_command_needs_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "finder", str(tmp_path), "--scenes", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "--scenes" in capsys.readouterr().err
