"""Photos on avatars: meshes, and overlays in place of the face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from avatar_files import vrm_0

from expnet_live.capture.sources import open_source
from expnet_live.cli import main


def test_a_photo_wears_an_avatar(tmp_path: Path) -> None:
    (tmp_path / "zero.vrm").write_bytes(vrm_0())
    photo = next(iter(open_source("demo"))).image
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    out = tmp_path / "out"
    asked = ["--overlay", "solid", "--mesh", "ply", "--head", str(tmp_path / "zero.vrm")]
    assert main(["analyze", str(tmp_path / "photo.png"), "--out", str(out), *asked]) == 0
    overlay = cv2.imread(str(next((out / "overlays").iterdir()))).astype(int)
    jersey = overlay[..., 0] > overlay[..., 2] + 60
    assert jersey.mean() > 0.005 and not (photo[..., 0].astype(int) > photo[..., 2].astype(int) + 60).any()
    head = next((out / "meshes").rglob("*.ply")).read_bytes()
    assert int(head.partition(b"element vertex ")[2].split()[0]) > 25_000  # the whole avatar, not the face alone
    assert np.isfinite(overlay).all()
