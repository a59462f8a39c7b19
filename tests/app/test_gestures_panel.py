"""The panel of gestures in a real window: they light up, act, are switched off, and are learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog
from seen import LONG, banners

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.gesturing import GestureChoice, choice_of, with_choice
from expnet_live.app.widgets.lesson_sheet import LessonSheet
from expnet_live.core.arkit import N_BLENDSHAPES, blendshapes_of
from expnet_live.gestures import lesson
from expnet_live.gestures.lesson import Step
from expnet_live.person.profiles import Profiles
from expnet_live.sessions.reading.session import Session

LEFT = Qt.MouseButton.LeftButton
REST = np.zeros(N_BLENDSHAPES, np.float32)
OPEN = blendshapes_of(jawOpen=0.9)


@pytest.fixture
def window(qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet) -> MainWindow:
    puppet.blendshapes = REST
    window = open_window()
    window.controller.neutral.learn(False)
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    assert window.parts.docks["gestures"].isHidden()
    window.actions_["gestures"].trigger()
    qtbot.waitUntil(window.parts.gestures.isVisible, timeout=LONG)
    qtbot.waitUntil(lambda: bool(window.controller.gesturing.scores), timeout=LONG)
    return window


def test_a_long_name_leaves_room_for_what_is_beside_it(qtbot: Any, window: MainWindow) -> None:
    panel, name = window.parts.gestures, "poke & <i>wiggle</i>, a name that goes on for longer than the panel"
    examples = [[0.5 * (i < 3)] * 55 for i in range(3)]
    window.commands.keep_gesture(name, examples)
    qtbot.waitUntil(lambda: name in panel.rows, timeout=LONG)
    row, area = panel.rows[name], panel.parentWidget()
    assert area is not None and row.delete is not None
    qtbot.waitUntil(lambda: row.delete.isVisible() and row.delete.x() > 0, timeout=LONG)
    assert row.delete.mapTo(area, row.delete.rect().topRight()).x() < area.width()
    assert row.switch.text().startswith("Poke && <i>") and row.switch.text().endswith("…")
    assert row.switch.toolTip().startswith("<p>poke &amp; &lt;i&gt;wiggle")


def resting(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    """Until the rest is known: the scores of a mouth that opens for a moment tell."""
    seen: list[float] = []

    def known() -> bool:
        score = window.controller.gesturing.scores.get("mouth open", 0.0)
        seen.append(score)
        puppet.blendshapes = blendshapes_of(jawOpen=0.2 if len(seen) % 20 < 2 else 0.0)
        return score > 0.1

    qtbot.waitUntil(known, timeout=LONG)
    puppet.blendshapes = REST


def test_a_gesture_lights_up_and_sets_a_marker(qtbot: Any, window: MainWindow, puppet: Puppet, tmp_path: Path) -> None:
    panel = window.parts.gestures
    assert len(panel.rows) == 14 and not window.controller.choices.gestures_act
    qtbot.mouseClick(panel.acts, LEFT, pos=panel.acts.rect().center() - panel.acts.rect().topRight() / 3)
    assert window.controller.choices.gestures_act
    window.controller.recording.want(tmp_path / "session", True, False)
    qtbot.waitUntil(lambda: window.controller.recording.active, timeout=LONG)
    resting(qtbot, window, puppet)
    puppet.blendshapes = OPEN
    qtbot.waitUntil(lambda: panel.rows["mouth open"].meter.lit, timeout=LONG)
    assert not panel.rows["smile"].meter.lit
    qtbot.waitUntil(lambda: "marker" in banners(window), timeout=LONG)
    puppet.blendshapes = REST
    qtbot.waitUntil(lambda: not window.controller.gesturing.lasting, timeout=LONG)
    window.controller.record(False)
    qtbot.waitUntil(lambda: window.controller.recording.last is not None, timeout=LONG)
    assert [m.label for m in Session.open(tmp_path / "session").markers] == ["mouth open"]


def test_a_gesture_is_switched_off(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    row = window.parts.gestures.rows["mouth open"]
    row.switch.click()
    assert not choice_of(window.controller.choices.gestures, "mouth open").on
    qtbot.waitUntil(lambda: "mouth open" not in window.controller.gesturing.scores, timeout=LONG)
    row.switch.click()
    assert window.controller.choices.gestures == ()
    window.actions_["gestures"].trigger()
    qtbot.waitUntil(lambda: not window.controller.gesturing.scores, timeout=LONG)  # nobody looks, and nothing acts


def test_a_key_that_does_not_exist_is_refused(qtbot: Any, window: MainWindow) -> None:
    pytest.importorskip("pynput")
    row = window.parts.gestures.rows["smile"]
    row.key.setText("hyper")
    row.key.editingFinished.emit()
    qtbot.waitUntil(lambda: "gestures" in banners(window), timeout=LONG)
    assert row.choice.key == ""
    row.key.setText("space")
    row.key.editingFinished.emit()
    assert choice_of(window.controller.choices.gestures, "smile").key == "space"


def test_a_gesture_of_ones_own(qtbot: Any, window: MainWindow, puppet: Puppet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "READY", 0.9)
    monkeypatch.setattr(lesson, "HELD", 0.9)
    window.parts.gestures.add.click()
    (dialog,) = window.findChildren(QInputDialog)
    dialog.setTextValue("kiss")
    dialog.accept()
    qtbot.waitUntil(lambda: bool(window.findChildren(LessonSheet)), timeout=LONG)
    (sheet,) = window.findChildren(LessonSheet)
    kiss = blendshapes_of(mouthPucker=0.8, browInnerUp=0.7)

    def done() -> bool:
        puppet.blendshapes = kiss if sheet.lesson.step is Step.SHOW else REST
        return sheet.lesson.step is Step.DONE

    qtbot.waitUntil(done, timeout=3 * LONG)
    qtbot.waitUntil(sheet.keep.isVisible, timeout=LONG)
    sheet.keep.click()
    qtbot.waitUntil(lambda: "kiss" in window.parts.gestures.rows, timeout=LONG)
    qtbot.waitUntil(lambda: list(Profiles().load("Default").gestures) == ["kiss"], timeout=LONG)
    resting(qtbot, window, puppet)
    puppet.blendshapes = kiss
    qtbot.waitUntil(lambda: window.parts.gestures.rows["kiss"].meter.lit, timeout=LONG)
    assert texts.GESTURE_SAVED.format(name="kiss")
    delete = window.parts.gestures.rows["kiss"].delete
    assert delete is not None
    delete.click()
    qtbot.waitUntil(lambda: "kiss" not in window.parts.gestures.rows, timeout=LONG)


def test_choices_that_equal_the_first_ones_are_not_kept() -> None:
    changed = with_choice((), GestureChoice("smile", mark=False))
    assert changed == (GestureChoice("smile", mark=False),)
    assert with_choice(changed, GestureChoice("smile")) == ()
