"""Avatars of other people, where EXPNET_LIVE_AVATARS names a folder with .vrm and .glb files: each is read, posed and
drawn. None are part of this project."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from expnet_live.avatars.avatar import Avatar, posed
from expnet_live.avatars.container import ENDINGS
from expnet_live.avatars.swinging import Swings
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Pose
from expnet_live.heads.built_in import face_model
from expnet_live.render.textured import AvatarPainter

FOLDER = os.environ.get("EXPNET_LIVE_AVATARS", "")
FILES = sorted(p for p in Path(FOLDER).rglob("*") if p.suffix.lower() in ENDINGS) if FOLDER else []
REST = np.zeros(29, np.float32)


@pytest.mark.skipif(not FILES, reason="EXPNET_LIVE_AVATARS names no folder with avatars")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_an_avatar_wears_a_face(path: Path) -> None:
    avatar, swings = Avatar.load(path, face_model()), Swings()
    pictures = []
    for i, actions in enumerate(({}, {"jawOpen": 1.0}, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})):
        pose = Pose(np.array([0.0, 0.2, 0.0]), np.array([0.0, 0.0, -600.0]))
        drawn = posed(avatar, REST, None, None, blendshapes_of(**actions), pose, swings=swings, time=i / 30)
        assert np.isfinite(drawn.vertices).all()
        assert np.allclose(np.linalg.norm(drawn.normals, axis=1), 1, atol=1e-3)
        pictures.append(AvatarPainter(avatar).draw(np.zeros((360, 480, 3), np.uint8), drawn, pose).astype(int))
    assert (pictures[0].max(2) > 30).mean() > 0.02
    for name, picture in zip(("jawOpen", "eyeBlinkLeft"), pictures[1:], strict=True):
        assert name in avatar.missing or (np.abs(picture - pictures[0]).max(2) > 20).any(), name
