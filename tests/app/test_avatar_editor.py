"""The editor of an avatar's curves: dragged over the live face, applied at once, kept in the profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from mouse import press, pull, release
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog
from seen import LONG, pick

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.avatar_editor import AvatarEditor
from expnet_live.core.arkit import ARKIT, INDEX, blendshapes_of
from expnet_live.outputs.shape import Shape
from expnet_live.person.curve import Curve
from expnet_live.person.profiles import Profiles

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def editor(qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet) -> AvatarEditor:
    puppet.blendshapes = blendshapes_of(jawOpen=0.5, eyeBlinkLeft=0.3)
    window = open_window()
    window.controller.neutral.learn(False)
    qtbot.waitUntil(lambda: window.presenter.first_face is not None, timeout=LONG)
    window.actions_["avatars"].trigger()
    (editor,) = window.findChildren(AvatarEditor)
    qtbot.waitUntil(lambda: editor.canvas.live is not None, timeout=LONG)
    return editor


def window_of(editor: AvatarEditor) -> MainWindow:
    window = editor.parent()
    assert isinstance(window, MainWindow)
    return window


def drag(editor: AvatarEditor, handle: int, x: float, y: float) -> None:
    """Drag a handle to these shares of the plot."""
    canvas = editor.canvas
    start, (low, high) = canvas.handles()[handle].toPoint(), _corners(editor)
    end = QPointF(low.x() + x * (high.x() - low.x()), low.y() + y * (high.y() - low.y())).toPoint()
    press(canvas, start)
    pull(canvas, (start + end) / 2)
    pull(canvas, end)
    release(canvas, end)


def _corners(editor: AvatarEditor) -> tuple[QPointF, QPointF]:
    """The places of 0, 0 and 1, 1: the handles of an untouched curve."""
    canvas, curve = editor.canvas, editor.canvas.curve
    canvas.set_curve(Curve())
    low, high = canvas.handles()
    canvas.set_curve(curve)
    return low, high


def sent(window: MainWindow, weights: np.ndarray) -> np.ndarray:
    """What live outputs send of weights."""
    window.controller.streaming.switch("vmc", True)
    (stream,) = window.controller.streaming._streams.values()  # noqa: SLF001
    shape = stream.shape
    window.controller.streaming.switch("vmc", False)
    return weights if shape is None else shape(weights)


def test_a_curve_is_dragged_and_sent_and_kept(qtbot: Any, editor: AvatarEditor) -> None:
    window, weights = window_of(editor), blendshapes_of(jawOpen=0.25)
    qtbot.waitUntil(lambda: editor.canvas.live == pytest.approx((0.5, 0.5), abs=0.01), timeout=LONG)
    assert sent(window, weights)[INDEX["jawOpen"]] == pytest.approx(0.25)
    drag(editor, 1, 0.5, 1.0)  # half open is fully open
    assert editor.canvas.curve.gain == pytest.approx(2.0, abs=0.05)
    assert editor.canvas.live == pytest.approx((0.5, 1.0), abs=0.03)
    drag(editor, 0, 0.2, 0.0)  # and a fifth is none
    assert editor.canvas.curve.dead == pytest.approx(0.2, abs=0.02)
    x = np.array([0.1, 0.35, 0.5])
    assert editor.canvas.curve(x) == pytest.approx([0.0, 0.5, 1.0], abs=0.04)
    assert editor.dead.value() == pytest.approx(20, abs=2) and editor.dead_text.text().endswith(" %")
    assert sent(window, weights)[INDEX["jawOpen"]] == pytest.approx(editor.canvas.curve(np.array(0.25)), abs=1e-3)
    person = window.controller.person
    assert person.avatar == "My avatar" and list(person.curves) == ["jawOpen"]
    qtbot.waitUntil(lambda: Profiles().load("Default").curves == person.curves, timeout=LONG)
    qtbot.waitUntil(lambda: editor.avatar.currentText() == "My avatar", timeout=LONG)


def test_points_both_sides_and_reset(qtbot: Any, editor: AvatarEditor) -> None:
    window = window_of(editor)
    editor.channels.setCurrentRow(ARKIT.index("eyeBlinkLeft"))
    low, high = _corners(editor)
    middle = QPoint(round((low.x() + high.x()) / 2), round(low.y() + 0.8 * (high.y() - low.y())))
    QTest.mouseDClick(editor.canvas, LEFT, pos=middle)
    assert editor.canvas.curve.points is not None and len(editor.canvas.curve.points) == 3
    assert editor.canvas.curve(np.array(0.5)) == pytest.approx(0.8, abs=0.02)
    drag(editor, 1, 0.3, 0.9)
    assert editor.canvas.curve(np.array(0.3)) == pytest.approx(0.9, abs=0.02)
    qtbot.waitUntil(lambda: editor.canvas.live == pytest.approx((0.3, 0.9), abs=0.03), timeout=LONG)
    curves = window.controller.person.curves
    assert curves["eyeBlinkLeft"] == curves["eyeBlinkRight"] == editor.canvas.curve
    editor.both.setChecked(False)
    editor.gain.setValue(50)
    curves = window.controller.person.curves
    assert curves["eyeBlinkLeft"].gain == 0.5 and curves["eyeBlinkRight"].gain == 1.0
    qtbot.mouseClick(editor.canvas, Qt.MouseButton.RightButton, pos=editor.canvas.handles()[1].toPoint())
    assert editor.canvas.curve.points is None
    qtbot.mouseClick(editor.reset, LEFT)
    assert list(window.controller.person.curves) == ["eyeBlinkRight"]


def test_avatars_are_named_chosen_and_deleted(qtbot: Any, editor: AvatarEditor) -> None:
    window = window_of(editor)
    drag(editor, 1, 0.5, 1.0)
    pick(editor.avatar, editor.avatar.count() - 1)
    (dialog,) = window.findChildren(QInputDialog)
    dialog.setTextValue("Fox")
    dialog.accept()
    person = window.controller.person
    assert person.avatar == "Fox" and set(person.avatars) == {"My avatar", "Fox"}
    qtbot.waitUntil(lambda: editor.avatar.currentText() == "Fox", timeout=LONG)
    drag(editor, 1, 0.8, 1.0)
    pick(editor.avatar, 0)
    assert window.controller.person.avatar == "" and sent(window, blendshapes_of(jawOpen=0.5))[INDEX["jawOpen"]] == 0.5
    pick(editor.avatar, 1)
    qtbot.waitUntil(lambda: editor.canvas.curve.gain == pytest.approx(2.0, abs=0.05), timeout=LONG)
    qtbot.mouseClick(editor.delete, LEFT)
    assert set(window.controller.person.avatars) == {"Fox"} and window.controller.person.avatar == ""
    window.actions_["avatars"].trigger()  # the same one comes to the front
    assert window.findChildren(AvatarEditor) == [editor]
    editor.close()
    qtbot.waitUntil(lambda: not window.findChildren(AvatarEditor), timeout=LONG)
    window.actions_["avatars"].trigger()
    assert len(window.findChildren(AvatarEditor)) == 1


def test_a_curve_is_the_shape_of_one_action() -> None:
    x = np.linspace(0, 1, 41)
    for curve in (
        Curve(),
        Curve(dead=0.2, gain=1.7),
        Curve(gain=0.4, points=[(0, 0.1), (0.5, 0.9), (1, 0.7)]),
        Curve(dead=1),
    ):
        shape = Shape.of({"jawOpen": curve})
        many = [shape(np.full(52, v, np.float32))[INDEX["jawOpen"]] for v in x]
        assert curve(x) == pytest.approx(many, abs=1e-6)
