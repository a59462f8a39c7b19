"""`train scores` and a teacher in `train landmarks`: what MediaPipe's Face Landmarker says of drawn people."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from album import Album
from mesh import landmarker
from places import SHARED

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.paths import asset
from expnet_live.research.training.actions.shelf import Shelf
from expnet_live.research.training.landmarks import LandmarkSet

TEACHER = SHARED / "data/teacher/face_landmarker_v2_with_blendshapes.task"
needs_teacher = pytest.mark.skipif(not TEACHER.is_file(), reason=f"there is no {TEACHER}")


@pytest.fixture
def few(album: Album, tmp_path: Path) -> Path:
    """A few of the drawn pictures."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(album.photos.glob("*.png"))[:12]:
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize("step", ["scores", "landmarks"])
def test_what_is_no_teacher_is_refused(
    step: str, few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = {"scores": ["--out", str(tmp_path / "out")], "landmarks": ["--landmarks", str(tmp_path / "out.npz")]}
    (tmp_path / "no.task").write_bytes(b"nothing")
    for name in ("no.task", "nowhere.task"):
        assert main(["train", step, str(few), *out[step], "--teacher", str(tmp_path / name), "--jobs", "1"]) == 2
        assert f"{name} is not a Face Landmarker" in capsys.readouterr().err
    assert {p.name for p in tmp_path.iterdir()} == {"few", "no.task"}


@needs_teacher
def test_photos_and_clips_are_scored_once(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = tmp_path / "clips", tmp_path / "scores"
    clips.mkdir()
    shutil.copy(asset("demo.mp4"), clips)
    known = ["--clips", str(clips), "--step", "24", "--teacher", str(TEACHER), "--out", str(out), "--jobs", "1"]
    assert main(["train", "scores", str(few), *known]) == 0
    shelf = Shelf([out])
    assert f"{len(shelf)} more pictures are in {out}" in capsys.readouterr().out
    assert set(shelf.collection) == {"few", "demo"} and (shelf.collection == "demo").sum() == 10
    assert (shelf.collection == "few").sum() >= 11
    both = (shelf.scores + shelf.mirrored) / 2
    known_to_it = np.isfinite(both).all(0)
    assert {n for n, known in zip(ARKIT, known_to_it, strict=True) if not known} <= {"tongueOut"}
    # The jaw falls far in the demo clip, at 2.7 s.
    jaw = dict(zip(shelf.key, both[:, INDEX["jawOpen"]], strict=True))
    assert max(jaw, key=lambda k: jaw[k]) in ("demo/72", "demo/96") and max(jaw.values()) > 0.3
    assert main(["train", "scores", str(few), *known]) == 0
    assert f"0 more pictures are in {out}" in capsys.readouterr().out


@needs_teacher
def test_a_teacher_names_the_scores_of_landmarks(few: Path, tmp_path: Path) -> None:
    out = tmp_path / "landmarks.npz"
    command = ["train", "landmarks", str(few), "--landmarks", str(out), "--teacher", str(TEACHER), "--jobs", "1"]
    with landmarker():
        assert main(command) == 0
    found = LandmarkSet.load(out)
    assert len(found.score_names) == 52 and {"jawOpen", "mouthSmileLeft"} <= set(found.score_names)
    assert np.isfinite(found.scores).all() and found.scores.min() >= 0 and found.scores.max() <= 1
