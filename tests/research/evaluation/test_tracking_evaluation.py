"""The tracking evaluation on the demo clip."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mesh import landmarker

from expnet_live.cli import main
from expnet_live.core.paths import assets_dir
from expnet_live.core.types import Box
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.tracking.command import HIDINGS, middle, vanish

needs_demo = pytest.mark.skipif(not (assets_dir() / "demo.mp4").is_file(), reason="the demo clip is not built yet")
needs_weights = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "demo.mp4")),
    reason="the weights and the demo clip are not built yet",
)


@needs_weights
def test_the_demo_is_held_and_a_vanished_face_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet, out = tmp_path / "sheet.jpg", tmp_path / "tracking.json"
    arguments = ["evaluate", "tracking", "demo", "--frames", "100", "--device", "cpu"]
    with landmarker():
        status = main([*arguments, "--contact-sheet", str(sheet), "--json", str(out)])
    printed = capsys.readouterr().out
    (report,) = json.loads(out.read_text())
    assert status == 0 and report["good"], printed
    assert report["frames"] == 100 and report["faces"] == 1 and report["held_share"] == 1
    assert set(report["gone"]) == set(HIDINGS)
    assert report["detector_runs"] < 10
    picture = cv2.imread(str(sheet))
    assert picture.shape == (4 * 600, 5 * 300, 3)
    assert picture.std() > 10


@needs_demo
def test_the_middle_goes_to_and_fro_when_the_video_is_too_short() -> None:
    frames = middle("demo", 4.0, 30)
    assert len(frames) == pytest.approx(4.0 / frames[1].timestamp, abs=1)
    assert (np.diff([f.timestamp for f in frames]) > 0).all()
    assert np.array_equal(frames[30].image, frames[29].image)


@needs_weights
@pytest.mark.parametrize("every", [1, 3])
def test_a_face_that_stays_is_held_for_the_whole_second_at_every_rate(every: int) -> None:
    frames = middle("demo", 4.0, 240)[::every]
    held, found = vanish(frames, Pipeline.load(device="cpu"), lambda image, box: image)
    assert held == pytest.approx(1.0) and found == 0


@pytest.mark.parametrize("hide", HIDINGS.values(), ids=HIDINGS)
@pytest.mark.parametrize("box", [Box(100, 80, 60, 60), Box(-200, -200, 20, 20)])
def test_hidden_faces_are_gone(hide: object, box: Box) -> None:
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    before = image.copy()
    out = hide(image, box)  # type: ignore[operator]
    assert out.shape == image.shape and out.dtype == np.uint8
    assert np.array_equal(image, before)
    if box.x > 0:
        assert out[90:130, 110:150].std() < 30


@needs_weights
def test_a_sheet_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "tracking", "demo", "--frames", "5", "--contact-sheet"]
    (tmp_path / "file").touch()
    with landmarker():
        assert main([*arguments, str(tmp_path / "file" / "sheet.jpg")]) == 2
    assert "sheet.jpg" in capsys.readouterr().err
