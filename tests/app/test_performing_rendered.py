"""Calibration by performing with drawn faces before the real network: a person who never opens the mouth wide."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from seen import LONG

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.performing import Phase
from expnet_live.app.widgets.perform_sheet import PerformSheet
from expnet_live.capture.sources import Source
from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Frame, Image
from expnet_live.live.loading import load_pipeline

# Drawn by another process: its OpenGL is not Qt's.
DRAW = """
import sys
import numpy as np
from expnet_live.core.arkit import blendshapes_of
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.evaluation.expression.people import people
from expnet_live.research.evaluation.expression.studio import Shot, Studio, random_room

rng = np.random.default_rng(3)
(person,) = people(FaceModel.load(), 1, rng)
room, studio = random_room(rng), Studio()
looks = {
    "rest": {},
    "smile": {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6},
    "open": {"jawOpen": 0.5},
    "half open": {"jawOpen": 0.25},
}
drawn = {n: studio.draw(person, blendshapes_of(**look), room, Shot(220.0), rng).image for n, look in looks.items()}
np.savez(sys.argv[1], **drawn)
"""


class Stage(Source):
    """A camera before which the person performs."""

    live = True

    def __init__(self, looks: dict[str, Image]) -> None:
        super().__init__("stage")
        self.fps = 20.0
        self._looks, self._ended = looks, threading.Event()
        self.look = "rest"

    def __iter__(self) -> Iterator[Frame]:
        number = 0
        while not self._ended.wait(1 / self.fps):
            yield Frame(self._looks[self.look], time.monotonic(), number, self.name)
            number += 1

    def close(self) -> None:
        self._ended.set()


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    path: Path = tmp_path_factory.mktemp("drawn") / "looks.npz"
    done = subprocess.run([sys.executable, "-c", DRAW, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(path) as drawn:
        return dict(drawn)


def test_the_fullest_smile_and_mouth_of_a_drawn_person(
    qtbot: Any, open_window: Callable[..., MainWindow], looks: dict[str, Image]
) -> None:
    stage = Stage(looks)
    window = open_window(open_=lambda spec: stage, load=load_pipeline)
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=3 * LONG)
    window.controller.neutral.learn(False)
    jaw = INDEX["jawOpen"]

    def opened() -> float:
        return float(window.controller.state.faces[0].blendshapes[jaw])

    stage.look = "open"
    looks_at: dict[int, float] = {}  # by the number of the frame: a busy machine sees few

    def settled() -> bool:
        looks_at[window.controller.state.captured.frame.index] = opened()
        return len(looks_at) > 15 and float(np.ptp(list(looks_at.values())[-6:])) < 0.02

    qtbot.waitUntil(settled, timeout=3 * LONG)
    before = opened()
    assert 0.25 < before < 0.85  # by no means all
    stage.look = "rest"
    window.actions_["perform"].trigger()
    (sheet,) = window.findChildren(PerformSheet)

    def done() -> bool:
        performance = sheet.performance
        name = performance.request.name
        if performance.phase is not Phase.DONE and name not in looks:
            qtbot.mouseClick(sheet.skip, Qt.MouseButton.LeftButton)
        stage.look = name if performance.phase is Phase.HOLD else "rest"
        return performance.phase is Phase.DONE

    qtbot.waitUntil(done, timeout=3 * LONG)
    assert {"jawOpen", "mouthSmileLeft", "mouthSmileRight"} >= set(sheet.performance.full) >= {"jawOpen"}
    qtbot.waitUntil(sheet.keep.isVisible, timeout=LONG)
    qtbot.mouseClick(sheet.keep, Qt.MouseButton.LeftButton)
    assert window.controller.person.full["jawOpen"] == pytest.approx(before, abs=0.08)
    stage.look = "open"
    qtbot.waitUntil(lambda: opened() > 0.93, timeout=LONG)
    stage.look = "half open"
    qtbot.waitUntil(lambda: 0.2 < opened() < 0.8, timeout=LONG)
    stage.look = "rest"
    qtbot.waitUntil(lambda: opened() < 0.2, timeout=LONG)
    stage.close()
