"""The stored triangles of the Face Mesh are those that mediapipe's edges give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.heads.topology import base_topology

pytest.importorskip("mediapipe")


def test_the_stored_triangles_are_mediapipe_s(tmp_path: Path) -> None:
    path = tmp_path / "face_mesh.npz"
    assert main(["train", "topology", "--out", str(path)]) == 0
    with np.load(path) as z:
        assert np.array_equal(z["triangles"], base_topology().triangles)
