from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from mesh import needs_detector

from expnet_live.core.types import Array, Image
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import MediapipeDetector

pytestmark = needs_detector
EYES = np.array([[203.0, 100.0], [246.0, 103.0]])  # the astronaut's right eye and left eye


@pytest.fixture(scope="module")
def detector() -> MediapipeDetector:
    return MediapipeDetector()


def eyes_of(found: list[Detection]) -> Array:
    assert len(found) == 1
    return found[0].keypoints[:2]


@pytest.mark.parametrize("thorough", [False, True])
def test_eyes_are_where_they_are(detector: MediapipeDetector, astronaut: Image, thorough: bool) -> None:
    (found,) = detector.detect(astronaut, thorough)
    assert np.allclose(found.keypoints[:2], EYES, atol=6)
    assert found.box.x < 206 and found.box.x + found.box.w > 245
    assert 0.5 <= found.score <= 1


def test_pixels_are_counted_alike_in_every_size(detector: MediapipeDetector, astronaut: Image) -> None:
    small = eyes_of(detector.detect(astronaut))
    large = eyes_of(detector.detect(cv2.resize(astronaut, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)))
    assert np.allclose((large + 0.5) / 3 - 0.5, small, atol=1.5)


def test_wide_pictures(detector: MediapipeDetector, astronaut: Image) -> None:
    wide = np.zeros((512, 1400, 3), np.uint8)
    wide[:, 700:1212] = astronaut
    assert np.allclose(eyes_of(detector.detect(wide)), EYES + np.array([700, 0]), atol=12)


def test_close_ups_small_and_turned_faces_are_found_by_a_thorough_search(
    detector: MediapipeDetector, astronaut: Image
) -> None:
    assert np.allclose(eyes_of(detector.detect(astronaut[72:165, 183:272], True)), EYES - np.array([183, 72]), atol=8)
    tiny = np.zeros((720, 1280, 3), np.uint8)
    tiny[300:428, 200:328] = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    assert np.allclose(eyes_of(detector.detect(tiny, True)), EYES / 4 + np.array([200, 300]), atol=6)
    turned = np.ascontiguousarray(np.rot90(astronaut))
    assert np.allclose(eyes_of(detector.detect(turned, True)), np.c_[EYES[:, 1], 511 - EYES[:, 0]], atol=10)


def test_the_largest_comes_first(astronaut: Image) -> None:
    two = np.zeros((512, 1024, 3), np.uint8)
    two[:256, :256] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    two[:, 512:] = astronaut
    found = MediapipeDetector(many=True).detect(two, thorough=True)
    assert [round(d.keypoints[:2, 0].mean(), -1) for d in found] == [740, 110]


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (3, 900)])
def test_nothing_where_nothing_is(detector: MediapipeDetector, shape: tuple[int, int], thorough: bool) -> None:
    assert detector.detect(np.full((*shape, 3), 128, np.uint8), thorough) == []


def test_it_may_be_used_from_any_thread(astronaut: Image) -> None:
    detector = MediapipeDetector()
    found: list[list[Detection]] = []
    threads = [threading.Thread(target=lambda: found.append(detector.detect(astronaut))) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [len(f) for f in found] == [1, 1, 1]
    detector.close()
