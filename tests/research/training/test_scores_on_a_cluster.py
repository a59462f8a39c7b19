"""train scores: processes of this computer and workers of a cluster write the same."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from archives import clip, photo
from places import SHARED

from expnet_live.cli import main
from expnet_live.research.training.actions.shelf import Shelf

TEACHER = SHARED / "data" / "teacher" / "face_landmarker_v2_with_blendshapes.task"


@pytest.mark.skipif(not TEACHER.exists(), reason="the teacher's file is not here")
def test_a_cluster_scores_as_processes_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip(tmp_path / "clips" / "a.mp4", n=7)
    photo(tmp_path / "photos" / "b.png", 60)
    cv2.imwrite(str(tmp_path / "photos" / "nobody.png"), np.full((200, 200, 3), 90, np.uint8))
    command = [
        "train",
        "scores",
        str(tmp_path / "photos"),
        "--clips",
        str(tmp_path / "clips"),
        "--teacher",
        str(TEACHER),
    ]
    assert main([*command, "--out", str(tmp_path / "one"), "--jobs", "1"]) == 0
    assert main([*command, "--out", str(tmp_path / "two"), "--cluster", "local:2"]) == 0
    assert capsys.readouterr().out.count("4 more pictures are in") == 2
    one, two = (Shelf([tmp_path / name]) for name in ("one", "two"))
    assert len(one) == len(two) == 4
    assert np.array_equal(one.scores, two.scores, equal_nan=True)
