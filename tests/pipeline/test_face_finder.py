"""The built-in face finder, on pictures of the tests."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT

from expnet_live.core.types import Array, Image
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.finder import Finder

EYES = np.array([[203.0, 100.0], [246.0, 103.0]])  # the astronaut's right eye and left eye


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder()


def eyes_of(found: list[Detection]) -> Array:
    """The eyes of the surest face; a thorough search also has doubtful ones, which the network judges."""
    return max(found, key=lambda d: d.score).keypoints[:2]


@pytest.mark.parametrize("thorough", [False, True])
def test_eyes_are_where_they_are(finder: Finder, astronaut: Image, thorough: bool) -> None:
    found = max(finder.detect(astronaut, thorough), key=lambda d: d.score)
    assert np.allclose(found.keypoints[:2], EYES, atol=8)
    assert found.box.x < 206 and found.box.x + found.box.w > 245 and found.box.w == found.box.h
    assert 0.5 <= found.score <= 1 and found.roll == pytest.approx(0.07, abs=0.25)
    crop = Crop.of_detection(found, 112)
    assert crop.roll == found.roll and crop.side > found.box.w


def test_wide_pictures(finder: Finder, astronaut: Image) -> None:
    wide = np.zeros((512, 1400, 3), np.uint8)
    wide[:, 700:1212] = astronaut
    assert np.allclose(eyes_of(finder.detect(wide)), EYES + np.array([700, 0]), atol=12)


def test_close_ups_small_and_turned_faces_are_among_those_of_a_search(finder: Finder, astronaut: Image) -> None:
    def seen(picture: Image, eyes: Array, off: float) -> bool:
        found = [d for stage in finder.search(picture) for d in stage]
        return any(np.allclose(d.keypoints[:2], eyes, atol=off) for d in found)

    assert seen(astronaut[72:165, 183:272], EYES - np.array([183, 72]), 8)
    tiny = np.zeros((720, 1280, 3), np.uint8)
    tiny[300:428, 200:328] = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    assert seen(tiny, EYES / 4 + np.array([200, 300]), 6)
    turned = np.ascontiguousarray(np.rot90(astronaut))
    assert seen(turned, np.c_[EYES[:, 1], 511 - EYES[:, 0]], 10)


def test_the_largest_comes_first(astronaut: Image) -> None:
    two = np.zeros((512, 1024, 3), np.uint8)
    two[:256, :256] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    two[:, 512:] = astronaut
    found = Finder(many=True).detect(two, thorough=True)
    assert [d.box.w for d in found] == sorted((d.box.w for d in found), reverse=True)
    surest = sorted(found, key=lambda d: d.score)[-2:]
    assert {round(d.keypoints[:2, 0].mean(), -1) for d in surest} == {740, 110}


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (3, 900)])
def test_nothing_where_nothing_is(finder: Finder, shape: tuple[int, int], thorough: bool) -> None:
    assert finder.detect(np.full((*shape, 3), 128, np.uint8), thorough) == []


def test_it_may_be_used_from_any_thread(finder: Finder, astronaut: Image) -> None:
    found: list[list[Detection]] = []
    threads = [threading.Thread(target=lambda: found.append(finder.detect(astronaut))) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [len(f) for f in found] == [1, 1, 1]


ANALYZE = """
import sys
sys.modules["mediapipe"] = None  # as where it is not installed
from expnet_live.cli import main
code = main(["analyze", sys.argv[1], "--out", sys.argv[2], "--jobs", "1"])
print(code, sys.modules["mediapipe"])
"""


def test_photos_are_analyzed_without_mediapipe(astronaut: Image, tmp_path: Path) -> None:
    photo = tmp_path / "astronaut.png"
    cv2.imwrite(str(photo), astronaut)
    command = [sys.executable, "-c", ANALYZE, str(photo), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.stdout.splitlines()[-1] == "0 None", done.stderr
    assert (tmp_path / "out").is_dir()
