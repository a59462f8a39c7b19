from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from expnet_live.core.types import Array, Box, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.crop import BOX_MM, CROP_MM, Crop, roll_of
from expnet_live.pipeline.detection import Detection


def applied(matrix: Array, points: Array) -> Array:
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


def test_matrix_and_inverse_undo_each_other() -> None:
    crop = Crop(31.5, 80.25, 57.0, 0.7, 112)
    points = np.array([[0.0, 0.0], [31.5, 80.25], [100.0, 3.0]])
    assert np.allclose(applied(crop.inverse, applied(crop.matrix, points)), points)
    assert np.allclose(applied(crop.matrix, points[1]), (111 / 2, 111 / 2))


def test_crop_of_a_view_is_upright_centred_and_to_scale() -> None:
    rolled = WeakPerspective(np.array([0.0, 0.0, -0.6]), 2.0, 300.0, 200.0)  # clockwise in the picture
    crop = Crop.of_view(rolled, 112)
    assert crop.roll == pytest.approx(0.6)
    assert crop.side == pytest.approx(2 * CROP_MM)
    seen = rolled.transformed(crop.matrix)
    assert np.allclose(seen.rotation, 0, atol=1e-6)
    assert (seen.x, seen.y) == pytest.approx((55.5, 55.5))
    assert seen.scale == pytest.approx(112 / CROP_MM)


def test_views_come_back_from_the_crop() -> None:
    view = WeakPerspective(np.array([0.2, -0.5, 0.3]), 1.7, 120.0, 90.0)
    crop = Crop(118.0, 96.0, 300.0, -0.2, 112)
    back = crop.to_image(view.transformed(crop.matrix))
    points = np.array([[40.0, 30.0, 10.0], [-20.0, -60.0, 5.0]])
    assert np.allclose(back.project(points), view.project(points), atol=1e-3)


@pytest.mark.parametrize("rotation", [(0, 0.9, 0), (0.9, 0, 0), (0, -1.4, 0)])
def test_turning_and_nodding_do_not_roll(rotation: tuple[float, float, float]) -> None:
    assert roll_of(np.array(rotation)) == pytest.approx(0)


def test_detection_becomes_the_crop_of_its_face() -> None:
    # Eyes and mouth of the mean face, seen frontally at 2 px per mm and rolled clockwise.
    roll = 0.4
    face = np.array([[-31.5, -32.4], [31.5, -32.4], [0, 34.9]]) * 2
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    crop = Crop.of_detection(Detection(Box(0, 0, 308, 308), 0.9, face @ turn.T + (320, 240)), 112)
    assert (crop.x, crop.y) == pytest.approx((320, 240))
    assert crop.roll == pytest.approx(roll)
    assert crop.side == pytest.approx(2 * CROP_MM, rel=0.05)


def gradient(height: int, width: int) -> Image:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 / width, y * 255 / height, np.full_like(x, 128)], -1).astype(np.uint8)


@pytest.mark.parametrize("side", [60.0, 112.0, 400.0, 900.0])
def test_cut_agrees_with_the_matrix(side: float) -> None:
    image = gradient(1000, 1000)
    crop = Crop(500.0, 480.0, side, 0.3, 112)
    cut = crop.cut(image)
    for corner in ((10, 20), (100, 7), (55, 55)):
        x, y = applied(crop.inverse, np.array(corner))
        expected = (x * 0.255, y * 0.255, 128)
        assert np.allclose(cut[corner[1], corner[0]], expected, atol=1.1)


def test_cut_shrinks_without_aliasing() -> None:
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 255
    cut = Crop(450.0, 450.0, 800.0, 0.0, 112).cut(stripes)
    assert cut[5:-5, 5:-5].std() < 15  # of 127
    assert cut[5:-5, 5:-5].mean() == pytest.approx(127.5, abs=2)


@pytest.mark.parametrize("side", [50.0, 500.0])
def test_cut_is_black_outside_of_the_picture(side: float) -> None:
    white = np.full((40, 60, 3), 255, np.uint8)
    cut = Crop(0.0, 20.0, side, 0.0, 50).cut(white)
    assert not cut[:, :20].any()
    assert cut[25, 28].tolist() == [255, 255, 255]
    assert not Crop(-900.0, 20.0, side, 0.0, 50).cut(white).any()


def test_a_picture_without_whole_blocks_is_as_on_a_black_ground() -> None:
    image = np.random.default_rng(3).integers(0, 256, (203, 301, 3)).astype(np.uint8)
    ground = np.zeros((240, 336, 3), np.uint8)
    ground[:203, :301] = image
    crop = Crop(200.0, 130.0, 420.0, 0.2, 32)
    assert np.array_equal(crop.cut(image), crop.cut(ground))


def test_a_face_that_seems_to_lie_is_looked_for_upright_first() -> None:
    box = Box(100, 80, 60, 60)
    upright = np.array([[118, 100], [142, 100], [130, 124]], np.float32)
    face = Detection(box, 0.9, upright)
    (only,) = Crop.guesses(face, 112)
    assert only == Crop.of_detection(face, 112)
    first, second = Crop.guesses(Detection(box, 0.9, 2 * np.array(box.center) - upright), 112)
    assert first.roll == 0 and (first.x, first.y) == box.center and first.side == pytest.approx(only.side, rel=0.3)
    assert abs(second.roll) == pytest.approx(np.pi)


def test_a_measured_roll_gives_the_crop_directly_and_the_upright_one_is_the_second_guess() -> None:
    face = Detection(Box(100, 80, BOX_MM, BOX_MM), 0.9, np.zeros((3, 2), np.float32), roll=0.2)
    (only,) = Crop.guesses(face, 112)
    assert only == Crop(100 + BOX_MM / 2, 80 + BOX_MM / 2, CROP_MM, 0.2, 112)
    first, second = Crop.guesses(replace(face, roll=2.0), 112)
    assert (first.roll, second.roll) == (2.0, 0.0) and first.side == second.side
