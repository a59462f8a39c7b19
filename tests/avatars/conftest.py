"""Avatars of our own making, once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from avatar_files import write_avatars

from expnet_live.avatars.avatar import Avatar
from expnet_live.heads.built_in import face_model


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """head.glb, zero.vrm and one.vrm."""
    return write_avatars(tmp_path_factory.mktemp("avatars"))


@pytest.fixture(scope="session")
def avatars(files: dict[str, Path]) -> dict[str, Avatar]:
    return {name: Avatar.load(path, face_model()) for name, path in files.items()}
