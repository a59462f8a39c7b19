"""The demo clip: its performance, and the built-in clip under a face detector."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from mesh import face_mesh

from expnet_live.core.arkit import INDEX
from expnet_live.core.paths import assets_dir
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.demo_clip import SIZE, Actor, make_demo_clip
from expnet_live.research.training.performance import performance

CLIP = assets_dir() / "demo.mp4"


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    if not CLIP.is_file():
        pytest.skip("assets/demo.mp4 is not made yet: expnet-live train demo-clip")
    video = cv2.VideoCapture(str(CLIP))
    frames: list[Image] = []
    while (read := video.read())[0]:
        frames.append(read[1])
    video.release()
    return frames


def truth() -> list[dict[str, str]]:
    with CLIP.with_suffix(".csv").open(newline="") as f:
        return list(csv.DictReader(f))


def test_the_performance_is_smooth_and_ends_as_it_begins() -> None:
    moments = performance(np.arange(0, 8.01, 1 / 120))
    states = np.stack([np.concatenate([m.blendshapes, m.rotation]) for m in moments])
    assert np.allclose(states[0], states[-1], atol=1e-6)
    assert np.abs(np.diff(states, axis=0)).max() < 0.25
    for name in ("jawOpen", "eyeBlinkLeft", "mouthPucker", "browInnerUp", "browDownLeft", "jawLeft", "mouthFrownRight"):
        assert states[:, INDEX[name]].max() > 0.5
    yaw = np.array([m.rotation[1] for m in moments])
    assert np.degrees(yaw.max()) == pytest.approx(30, abs=1) and np.degrees(yaw.min()) == pytest.approx(-30, abs=1)


def test_one_eye_at_a_time_is_winked() -> None:
    left, right = INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]
    first, second = performance([3.6, 4.05])
    assert first.blendshapes[left] == 1 and first.blendshapes[right] == 0
    assert second.blendshapes[right] == 1 and second.blendshapes[left] == 0


def test_a_short_clip_is_made_whole(model: FaceModel, tmp_path: Path) -> None:
    out = tmp_path / "short.mp4"
    moments = make_demo_clip(model, out, fps=10, seconds=0.4)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["short.csv", "short.mp4"]
    video = cv2.VideoCapture(str(out))
    assert (video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) == SIZE
    first = video.read()[1]
    video.release()
    assert len(moments) == len(out.with_suffix(".csv").read_text().splitlines()) - 1 == 4
    assert np.abs(first.astype(int) - Actor(model).draw(moments[0])).mean() < 4  # drawn again, it is the same


def test_the_shipped_clip_shows_a_face_and_its_expressions(clip: list[Image]) -> None:
    rows = truth()
    assert len(clip) == len(rows) == 240 and CLIP.stat().st_size < 1e6
    chosen = range(0, 240, 6)
    points: list[Array] = []
    with face_mesh() as mesh:
        for i in chosen:
            found = mesh.process(cv2.cvtColor(clip[i], cv2.COLOR_BGR2RGB))
            assert found is not None, f"no face in frame {i}"
            points.append(found[:, :2] * SIZE)
    seen = np.stack(points)
    width = np.linalg.norm(seen[:, 33] - seen[:, 263], axis=1)

    def likeness(name: str, upper: int, lower: int, sign: int) -> float:
        opening = np.linalg.norm(seen[:, upper] - seen[:, lower], axis=1) / width
        return float(np.corrcoef([float(rows[i][name]) for i in chosen], sign * opening)[0, 1])

    assert likeness("jawOpen", 13, 14, 1) > 0.7
    assert likeness("eyeBlinkLeft", 386, 374, -1) > 0.7 and likeness("eyeBlinkRight", 159, 145, -1) > 0.7
    assert likeness("mouthSmileLeft", 61, 291, 1) > 0.6
