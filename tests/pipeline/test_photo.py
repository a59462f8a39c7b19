"""Single photos: rotated, without people, and with objects that look like faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from expnet_live import Pipeline, open_source
from expnet_live.core.types import Image


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_face_is_found_and_read_alike(pipeline: Pipeline, astronaut: Image, turns: int) -> None:
    (upright,) = pipeline.photo(astronaut)
    (turned,) = pipeline.photo(np.ascontiguousarray(np.rot90(astronaut, turns)))
    assert turned.confidence > 0.9
    assert np.abs(turned.expression - upright.expression).max() < 1


def drawn_clock() -> Image:
    """A round face with hands, digits and two dots, as clocks have."""
    image = np.full((300, 300, 3), 235, np.uint8)
    cv2.circle(image, (150, 150), 110, (40, 40, 40), 6)
    for k in range(12):
        x, y = 150 + 92 * np.sin(k * np.pi / 6), 150 - 92 * np.cos(k * np.pi / 6)
        cv2.putText(image, str(k or 12), (int(x) - 10, int(y) + 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 2)
    cv2.line(image, (150, 150), (150, 80), (0, 0, 0), 5)
    cv2.line(image, (150, 150), (200, 165), (0, 0, 0), 7)
    for x in (115, 185):
        cv2.circle(image, (x, 125), 9, (60, 60, 60), -1)
    return image


def test_nobody_is_in_things(pipeline: Pipeline) -> None:
    for thing in (
        drawn_clock(),
        np.ascontiguousarray(data.coins()[:, :, None].repeat(3, 2)),
        data.coffee()[:, :, ::-1],
    ):
        assert pipeline.photo(np.ascontiguousarray(thing)) == []


def test_what_is_larger_and_no_face_hides_no_face(pipeline: Pipeline, astronaut: Image) -> None:
    scene = np.full((700, 1100, 3), 200, np.uint8)
    scene[50:650, 20:620] = cv2.resize(drawn_clock(), (600, 600))
    scene[150:406, 780:1036] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    (face,) = pipeline.photo(scene)
    assert face.box.x > 780 and face.confidence > 0.8


def test_a_picture_that_could_not_be_read_says_so(pipeline: Pipeline) -> None:
    with pytest.raises(ValueError, match="could not be read"):
        pipeline.photo(None)  # type: ignore[arg-type]


def test_photos_together_have_the_values_of_each_alone(pipeline: Pipeline) -> None:
    with open_source("demo") as source:
        images = [frame.image for frame in source][::60]
    images.insert(1, np.zeros((90, 120, 3), np.uint8))
    together = pipeline.photos(images)
    assert [len(faces) for faces in together] == [1, 0, 1, 1, 1]
    for image, faces in zip(images, together, strict=True):
        for one, other in zip(pipeline.photo(image), faces, strict=True):
            np.testing.assert_allclose(one.expression, other.expression, atol=1e-4)
            np.testing.assert_allclose(one.pose.translation, other.pose.translation, atol=0.1)
