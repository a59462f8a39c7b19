"""The quality of a frame falls as a face gets small, blurred, dark and turned, and is in tables."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.types import Frame, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.quality import Conditions, conditions_of, quality
from expnet_live.sessions.format.table import Layout


@pytest.fixture(scope="module")
def picture() -> Image:
    with open_source("demo") as source:
        return next(iter(source)).image


@pytest.fixture(scope="module")
def view(pipeline: Pipeline, picture: Image) -> WeakPerspective:
    from expnet_live.geometry.camera import Camera

    pipeline.reset()
    (state,) = pipeline.process(Frame(picture, 0.0, 0))
    height, width = picture.shape[:2]
    return Camera.for_image(width, height).view(state.pose)


def seen(image: Image, view: WeakPerspective, confidence: float = 0.9999) -> Conditions:
    return conditions_of(image, view, confidence)


def test_each_condition_notices_what_it_is_about(picture: Image, view: WeakPerspective) -> None:
    good = seen(picture, view)
    small = cv2.resize(picture, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    far = WeakPerspective(view.rotation, 0.2 * view.scale, 0.2 * view.x, 0.2 * view.y)
    assert seen(small, far).size > good.size + 0.3
    assert seen(cv2.GaussianBlur(picture, (0, 0), 6), view).blur > good.blur + 0.2
    assert seen(np.asarray(picture * 0.15, np.uint8), view).light > good.light + 0.2
    turned = WeakPerspective(np.array([0.0, 0.8, 0.0]), view.scale, view.x, view.y)
    assert seen(picture, turned).turn > good.turn + 0.5
    assert seen(picture, view, 0.6).cover > good.cover + 0.5
    worse = [good.values + np.eye(5)[i] * 0.5 for i in range(5)]
    assert all(0 < quality(w) <= quality(good.values) <= 1 for w in worse)
    assert sum(quality(w) < quality(good.values) for w in worse) >= 3


def test_a_face_has_its_quality(pipeline: Pipeline, picture: Image) -> None:
    pipeline.reset()
    (near,) = pipeline.process(Frame(picture, 0.0, 0))
    pipeline.reset()
    (far,) = pipeline.photo(cv2.resize(picture, None, fx=0.15, fy=0.15, interpolation=cv2.INTER_AREA))
    assert near.quality is not None and far.quality is not None
    assert 0 < far.quality < near.quality <= 1


def test_it_is_a_column(tmp_path: Path, picture: Image) -> None:
    cv2.imwrite(str(tmp_path / "face.png"), picture)
    assert main(["analyze", str(tmp_path / "face.png"), "--device", "cpu", "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "coefficients.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert 0 < float(row["quality"]) <= 1
    assert Layout(("a",), quality=True, marked=True).columns[-2:] == ("quality", "marker")
