"""The window with an avatar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import write_avatars

from expnet_live.app.main_window.window import MainWindow
from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.types import Pose

LONG = 30_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_avatars(tmp_path_factory.mktemp("avatars"))


def wears(window: MainWindow, name: str) -> bool:
    faces, shown = window.controller.faces, window.presenter.head
    return bool(faces) and faces[0].head.name == name and shown is not None and shown.name == name


def test_an_avatar_is_worn(qtbot: Any, window: MainWindow, files: dict[str, Path], tmp_path: Path) -> None:
    before = window.parts.head.picture()
    Wardrobe().keep(files["one.vrm"], "One")
    window.controller.use_head("One")
    qtbot.waitUntil(lambda: wears(window, "One"), timeout=LONG)
    face = window.controller.faces[0]
    assert isinstance(face.head, Avatar) and window.parts.head.picture() != before
    # It turns its head itself, so nothing is left to turn; and it stands still if it is not to follow.
    turned = replace(face, state=replace(face.state, pose=Pose(np.array([0.1, 0.4, 0]), face.state.pose.translation)))
    assert not turned.drawn(True).pose.rotation.any()
    assert np.abs(turned.drawn(True).vertices - turned.drawn(False).vertices).max() > 10
    for look in ("wireframe", "painted", "follow", "mirror"):
        window.actions_[look].trigger()
    window.commands.snapshot_folder = tmp_path / "shots"
    window.actions_["snapshot"].trigger()
    qtbot.waitUntil(lambda: "snapshot" in window.parts.banners.texts, timeout=LONG)
    ply = next((tmp_path / "shots").rglob("head.ply")).read_bytes()
    assert b"element vertex %d\n" % len(face.vertices) in ply
    # Back to a head of another kind, and to the file itself.
    window.controller.use_head("")
    qtbot.waitUntil(lambda: window.presenter.head is not None and window.presenter.head.name != "One", timeout=LONG)
    window.controller.use_head(str(files["head.glb"]))
    qtbot.waitUntil(lambda: wears(window, "head"), timeout=LONG)


def test_a_broken_avatar_is_a_banner(qtbot: Any, open_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    (tmp_path / "bad.vrm").write_bytes(b"glTF nothing else, and not enough")
    window = open_window()
    window.controller.use_head(str(tmp_path / "bad.vrm"))
    qtbot.waitUntil(lambda: "worn head" in window.parts.banners.texts, timeout=LONG)
    assert "bad.vrm" in window.parts.banners.texts["worn head"]
