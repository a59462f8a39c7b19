"""The window with an imported head."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seen import wears
from waiting import LONG

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.heads.built_in import face_model
from expnet_live.heads.library import Library, import_head


@pytest.fixture
def imported(tmp_path: Path) -> str:
    """A small head without parts, hair and neck, in the user's own folder."""
    from blendshape_sets import SHAPES, make_set

    make_set(tmp_path / "set", face_model(), SHAPES)
    Library().add("Mask", import_head(tmp_path / "set", face_model())[0])
    return "Mask"


def test_head_is_chosen_kept_and_saved(
    qtbot: Any, imported: str, window: MainWindow, open_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    before = window.parts.head.picture()
    chooser = window.parts.controls.head
    assert [chooser.itemText(i) for i in range(chooser.count())] == [texts.HEAD_OWN, imported, texts.AVATAR_ADD]
    chooser.setCurrentIndex(1)
    chooser.activated.emit(1)
    qtbot.waitUntil(lambda: wears(window, imported), timeout=LONG)
    assert window.parts.head.picture() != before
    qtbot.waitUntil(lambda: not window.actions_["hair"].isEnabled(), timeout=LONG)
    for look in ("wireframe", "painted"):
        window.actions_[look].trigger()
    window.commands.snapshot_folder = tmp_path / "shots"
    window.actions_["snapshot"].trigger()
    qtbot.waitUntil(lambda: "snapshot" in window.parts.banners.texts, timeout=LONG)
    ply = next((tmp_path / "shots").rglob("head.ply")).read_bytes()
    assert b"element vertex %d\n" % len(window.controller.faces[0].vertices) in ply
    window.close()

    again = open_window()
    assert again.controller.choices.head == imported
    qtbot.waitUntil(lambda: wears(again, imported), timeout=LONG)
    again.controller.use_head("")
    qtbot.waitUntil(lambda: wears(again, texts.HEAD_OWN), timeout=LONG)
    assert np.isfinite(again.controller.faces[0].vertices).all()


def test_head_that_is_gone_is_told(qtbot: Any, window: MainWindow) -> None:
    window.controller.use_head("Gone")
    qtbot.waitUntil(lambda: window.controller.choices.head == "", timeout=LONG)
    qtbot.waitUntil(lambda: "no head named Gone" in window.parts.banners.texts.get("worn head", ""), timeout=LONG)
    assert wears(window, texts.HEAD_OWN)
