"""Calibration by performing, in a real window: a person's full action becomes 1, can be cancelled and forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from seen import LONG, banners

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state import performing
from expnet_live.app.state.performing import REQUESTS, Performance, Phase
from expnet_live.app.widgets.perform_sheet import PerformSheet
from expnet_live.core.arkit import INDEX, N_BLENDSHAPES, blendshapes_of
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

LEFT = Qt.MouseButton.LeftButton
PEAK = 0.6  # as far as this person goes


@pytest.fixture
def window(qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet) -> MainWindow:
    puppet.blendshapes = np.zeros(N_BLENDSHAPES, np.float32)
    window = open_window()
    window.controller.neutral.learn(False)
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    return window


def begun(window: MainWindow) -> PerformSheet:
    window.actions_["perform"].trigger()
    (sheet,) = window.findChildren(PerformSheet)
    return sheet


def test_a_performer_on_request(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    """Real seconds, through the pipeline and its smoothing; the performer does what the sheet asks."""
    sheet = begun(window)
    asked: list[str] = []

    def done() -> bool:
        performance = sheet.performance
        name = performance.request.name
        if performance.phase is Phase.READY:
            puppet.blendshapes = np.zeros(N_BLENDSHAPES, np.float32)
        elif performance.phase is Phase.HOLD and name != "pucker":
            puppet.blendshapes = blendshapes_of(**dict.fromkeys(performance.request.actions, PEAK))
        if performance.phase is Phase.MISSED:  # this person cannot pucker
            assert sheet.how.text() == texts.PERFORM_MISSED and sheet.again.isVisible()
            qtbot.mouseClick(sheet.skip, LEFT)
        if not asked or asked[-1] != name:
            asked.append(name)
            assert texts.REQUESTS[name][0] in sheet.title.text()
        return performance.phase is Phase.DONE

    qtbot.waitUntil(done, timeout=7 * 6000 + 3 * LONG)
    assert asked == [r.name for r in REQUESTS]
    qtbot.waitUntil(sheet.keep.isVisible, timeout=LONG)
    assert not window.controller.person.full
    qtbot.mouseClick(sheet.keep, LEFT)
    qtbot.waitUntil(lambda: "performed" in banners(window), timeout=LONG)
    person = window.controller.person
    measured = {n for r in REQUESTS for n in r.actions if r.name != "pucker"}
    assert set(person.full) == measured
    assert all(value == pytest.approx(PEAK, abs=0.05) for value in person.full.values())
    qtbot.waitUntil(lambda: Profiles().load("Default").full == person.full, timeout=LONG)
    puppet.blendshapes = blendshapes_of(jawOpen=PEAK, mouthSmileLeft=PEAK / 2, mouthPucker=PEAK)
    smile, pucker, jaw = (INDEX[n] for n in ("mouthSmileLeft", "mouthPucker", "jawOpen"))

    def shown() -> Any:
        return window.controller.state.faces[0].blendshapes[[jaw, smile, pucker]]

    qtbot.waitUntil(lambda: shown() == pytest.approx([1.0, 0.5, PEAK], abs=0.06), timeout=LONG)
    window.actions_["forget_performance"].trigger()
    qtbot.waitUntil(lambda: shown() == pytest.approx([PEAK, PEAK / 2, PEAK], abs=0.03), timeout=LONG)
    qtbot.waitUntil(lambda: Profiles().load("Default").full == {}, timeout=LONG)
    assert not window.controller.person.full


def test_it_can_be_cancelled(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    sheet = begun(window)
    puppet.blendshapes = blendshapes_of(mouthSmileLeft=0.5, mouthSmileRight=0.5)
    qtbot.waitUntil(lambda: sheet.performance.step == 1, timeout=2 * LONG)
    assert sheet.performance.full
    (cancel,) = [b for b in sheet.findChildren(QPushButton) if b.text() == texts.PERFORM_CANCEL]
    qtbot.mouseClick(cancel, LEFT)
    qtbot.waitUntil(lambda: not window.findChildren(PerformSheet), timeout=LONG)
    assert window.controller.person.full == {} and Profiles().load("Default").full == {}


def test_a_model_without_actions_says_so(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    window.actions_["perform"].trigger()
    assert not window.findChildren(PerformSheet)
    qtbot.waitUntil(lambda: banners(window).get("performed") == texts.PERFORM_NEEDS_ACTIONS, timeout=LONG)


def test_its_clock_needs_a_face() -> None:
    performance = Performance()
    smile = blendshapes_of(mouthSmileLeft=0.8, mouthSmileRight=0.1)
    now = 0.0

    def perform(weights: Any, seconds: float) -> None:
        nonlocal now
        for _ in range(round(seconds * 20)):
            now += 0.05
            performance.add(weights, now)

    perform(None, 20)
    assert performance.phase is Phase.READY and performance.left == performing.READY
    perform(smile, performing.READY + 0.1)
    assert performance.phase is Phase.HOLD and performance.level == pytest.approx(0.8)
    perform(smile, 1.0)
    perform(None, 5.0)
    assert performance.phase is Phase.HOLD
    perform(smile, performing.HELD)
    assert performance.full == {"mouthSmileLeft": pytest.approx(0.8)} and performance.step == 1  # one side alone
    perform(smile, performing.READY + performing.HELD + 0.2)  # nothing opens
    assert performance.phase is Phase.MISSED
    performance.again()
    perform(blendshapes_of(jawOpen=0.5), performing.READY + performing.HELD + 0.2)
    assert performance.full["jawOpen"] == pytest.approx(0.5) and performance.step == 2
    while performance.phase is not Phase.DONE:
        performance.skip()
    assert set(performance.full) == {"mouthSmileLeft", "jawOpen"}


def test_full_actions_are_above_the_rest() -> None:
    person = Person(resting={"jawOpen": 0.2}, full={"jawOpen": 0.5, "eyeBlinkLeft": 0.01}, gains={"eyeBlinkLeft": 1.0})
    weights = blendshapes_of(jawOpen=0.6, eyeBlinkLeft=0.1)
    assert person.corrected_blendshapes(weights)[INDEX["jawOpen"]] == pytest.approx(1.0)
    assert person.corrected_blendshapes(weights)[INDEX["eyeBlinkLeft"]] == pytest.approx(0.5)  # no noise
    assert person.rested(weights)[INDEX["jawOpen"]] == pytest.approx(0.5)


def test_a_paused_clip_says_what_is_missing(qtbot: Any, window: MainWindow, plug: Any) -> None:
    sheet = begun(window)
    plug.hangs.set()
    qtbot.waitUntil(lambda: sheet.how.text() == texts.PERFORM_WAITING, timeout=LONG)
    assert sheet.performance.phase is not Phase.MISSED and not sheet.performance.full
    plug.released.set()
