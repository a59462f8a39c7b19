"""Where the Face Mesh comes from, and what is said where it is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from mesh import face_mesh
from skimage import data

from expnet_live.core.errors import UserError
from expnet_live.pipeline import face_mesh as module
from expnet_live.pipeline.face_mesh import FaceMesh, landmarker_file


def test_landmarks_are_shares_of_the_picture() -> None:
    with face_mesh() as mesh:
        found = mesh.process(np.ascontiguousarray(data.astronaut()))
        assert found is not None and found.shape == (478, 3)
        assert found[468, :2] * 512 == pytest.approx([203, 100], abs=6)  # the right iris
        assert mesh.process(np.zeros((90, 90, 3), np.uint8)) is None


def test_a_mediapipe_without_networks_asks_for_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))
    monkeypatch.setattr(module, "_solution", lambda video, confidence: None)
    with pytest.raises(UserError, match=r"put its file face_landmarker\.task in"):
        FaceMesh()
    landmarker_file().write_bytes(b"no network")
    with pytest.raises(UserError, match="is not a Face Landmarker"):
        FaceMesh()


def test_no_mediapipe_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "mediapipe"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(UserError, match="pip install mediapipe"):
        FaceMesh()
