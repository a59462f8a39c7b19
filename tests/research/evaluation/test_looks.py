"""Detections and points of a photo in its smaller versions."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Array, Box, Image
from expnet_live.pipeline.detection import Detection
from expnet_live.research.evaluation.accuracy.looks import shrunk, shrunk_detection


def centre(image: Image) -> Array:
    """Of what is bright, in pixels."""
    rows, columns = np.indices(image.shape[:2])
    weights = image[..., 0].astype(float)
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("factor", [0.4, 0.1, 0.05])
def test_a_box_stays_around_what_it_surrounds(factor: float) -> None:
    image = np.zeros((400, 600, 3), np.uint8)
    image[100:200, 320:460] = 255
    x, y = centre(image)
    assert (x, y) == (389.5, 149.5)  # pixels are counted from the middle of the first one
    face = Detection(Box(x - 70, y - 70, 140, 140), 1.0, np.full((6, 2), (x, y), np.float32))
    small = shrunk(image, factor)
    there = shrunk_detection(face, image, small)
    np.testing.assert_allclose(there.box.center, centre(small), atol=1e-4)
    np.testing.assert_allclose(there.keypoints, np.full((6, 2), centre(small)), atol=1e-4)
    assert (there.box.w, there.box.h) == pytest.approx((140 * factor, 140 * factor))
