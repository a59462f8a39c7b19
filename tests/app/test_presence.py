"""Faces that come and go: which ones move the head, and what the window shows without a face."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from seen import LONG, banners, head, pixels

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.presence import CONFIRMED, Confirmation
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.types import Box, FaceState, Frame, Pose
from expnet_live.heads.face_model import FaceModel
from expnet_live.live.capture_worker import Captured
from expnet_live.live.state import LiveFace, LiveState


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def state(model: FaceModel, seconds: float, *faces: int) -> LiveState:
    frame = Frame(np.zeros((8, 8, 3), np.uint8), seconds, round(30 * seconds))
    rest, who = np.zeros(len(model.names), np.float32), np.zeros(model.n_identity, np.float32)
    pose = Pose(np.zeros(3), np.array([0, 0, -600]))
    seen = [FaceState(n, frame.index, seconds, Box(0, 0, 4, 4), 1.0, rest, rest, who, pose) for n in faces]
    live = tuple(LiveFace(s, rest, who, model) for s in seen)
    return LiveState(Captured(frame, seconds, seconds, 1), live, {}, seconds, processed=True)


def test_a_face_must_stay_before_it_moves_the_head(model: FaceModel) -> None:
    confirmation = Confirmation()

    def let_through(seconds: float, *faces: int, at_once: bool = False) -> list[int]:
        return [f.state.face for f in confirmation.confirmed(state(model, seconds, *faces), at_once).faces]

    for i in range(5):  # a logo for 0.16 s
        assert let_through(i / 30, 0) == [] and confirmation.waiting
    assert let_through(0.3) == [] and not confirmation.waiting
    seen = [let_through(5 + i / 30, 1) for i in range(9)]
    assert seen == [[]] * round(CONFIRMED * 30) + [[1]] * 3
    # A face lost for a moment is still known; a second face is not, and one that was away for long is new.
    assert let_through(6.0, 1, 2) == [1]
    assert let_through(9.0, 1) == []
    # In a paused clip nothing more will come.
    assert let_through(20.0, 7, at_once=True) == [7]


def test_without_a_face_all_goes_to_rest_and_looks_inactive(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    still = head(qtbot, window, puppet)
    open_ = head(qtbot, window, puppet, jawOpen=2.5)
    bars = pixels(window.parts.bars.grab().toImage())
    puppet.seen = False
    qtbot.waitUntil(lambda: not window.controller.state.faces, timeout=LONG)
    gone = time.monotonic()
    presence = window.controller.presence
    qtbot.waitUntil(lambda: presence.share(time.monotonic()) == 0, timeout=LONG)
    assert time.monotonic() - gone < 1.5  # the rule is one second, of the states' own clock
    qtbot.waitUntil(lambda: pixels(window.parts.bars.grab().toImage()).std() < 0.6 * bars.std(), timeout=LONG)
    at_rest = pixels(window.parts.head.picture())
    moved = np.abs(open_ - still).mean(2) > 60  # where the open mouth was
    assert moved.any() and at_rest[moved].std() < open_[moved].std()
    assert np.abs(at_rest - still).max() > 20  # faint, where it was bright
    values = presence.face(0.0)
    assert values is not None and not values.expression.any() and not values.state.pose.rotation.any()
    puppet.seen = True
    qtbot.waitUntil(lambda: presence.share(time.monotonic()) == 1, timeout=LONG)
    again = head(qtbot, window, puppet)
    assert np.abs(again - still).mean() < 1


def test_a_broken_file_shows_nothing_of_the_source_before(
    qtbot: Any, open_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    window = open_window(SourceSpec.demo(), open_=open_spec)
    qtbot.waitUntil(lambda: window.parts.camera.image is not None, timeout=LONG)
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    window.controller.sources.use(SourceSpec.file(tmp_path / "broken.mp4"))
    qtbot.waitUntil(lambda: "source" in banners(window), timeout=LONG)
    qtbot.waitUntil(lambda: window.parts.camera.image is None, timeout=LONG)
    assert window.parts.camera.note == texts.NO_PICTURE and not window.parts.camera.faces


def test_a_photo_has_no_play_slider(qtbot: Any, open_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "wall.png"), np.full((120, 160, 3), 90, np.uint8))
    window = open_window(SourceSpec.demo(), open_=open_spec)
    qtbot.waitUntil(window.parts.transport.isVisible, timeout=LONG)
    window.commands.open_path(str(tmp_path / "wall.png"))
    qtbot.waitUntil(lambda: not window.parts.transport.isVisible(), timeout=LONG)


def test_full_screen_returns_to_maximised(qtbot: Any, window: MainWindow) -> None:
    window.showMaximized()
    for on in (True, False):
        window.set_full_screen(on)
        assert window.isFullScreen() == on
    assert window.isMaximized()
