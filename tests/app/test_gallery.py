"""The head that is worn, without a window."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from waiting import PATIENCE

from expnet_live.app.state.gallery import Gallery
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.heads.built_in import face_model
from expnet_live.heads.head import Head


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_head_that_fails_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    slow = tmp_path / "slow.vrm"
    os.mkfifo(slow)  # whose reader waits for somebody to write
    said: list[str] = []
    worn: list[Head | None] = []
    gallery = Gallery(said.append, Wardrobe(tmp_path / "heads"))
    gallery.wear(str(slow), face_model, worn.append)
    gallery.wear("", face_model, worn.append)
    slow.open("wb").close()
    for thread in threading.enumerate():
        if thread.name == "preparation of a head":
            thread.join(PATIENCE)
    assert said == [] and worn == [None]
    gallery.wear(str(tmp_path / "none.vrm"), face_model, worn.append)
    for thread in threading.enumerate():
        if thread.name == "preparation of a head":
            thread.join(PATIENCE)
    assert len(said) == 1 and "none.vrm" in said[0] and worn == [None]
