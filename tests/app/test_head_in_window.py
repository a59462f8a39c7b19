"""The head in the window: that it follows the face, and how it is turned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QWidget,
)
from seen import LONG, head, pixels

from expnet_live.app.main_window.window import MainWindow
from expnet_live.core.types import Array


def test_the_head_is_there_and_moves_its_face(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    window.actions_["follow"].setChecked(False)
    rest = head(qtbot, window, puppet)
    h, w = rest.shape[:2]
    middle, corner = rest[int(0.4 * h) : int(0.6 * h), int(0.45 * w) : int(0.55 * w)], rest[:20, :20]
    red = middle.mean((0, 1))
    assert red[0] > red[2] + 25 and red[0] > 110  # skin
    assert corner.mean() < 60

    from expnet_live.app.view3d.orbit import projection

    def at(point: int) -> tuple[int, int]:
        """Where one of the base points is in the picture."""
        place = np.append(puppet.model.mean[point], 1.0)
        seen = projection(w, h) @ window.parts.head.orbit.shown.matrix() @ place
        return int((1 + seen[0] / seen[3]) / 2 * w), int((1 - seen[1] / seen[3]) / 2 * h)

    def change(picture: Array, point: int, size: int = 14) -> float:
        x, y = at(point)
        part = (slice(y - size, y + size), slice(x - size, x + size))
        return float(np.abs(picture[part] - rest[part]).mean())

    jaw = head(qtbot, window, puppet, jawOpen=2.5)
    # Faces are aligned as a whole, so an open jaw shifts the forehead a little.
    assert change(jaw, 14) > 12 and change(jaw, 14) > 4 * change(jaw, 10)
    blink = head(qtbot, window, puppet, eyeBlinkLeft=2.5, eyeBlinkRight=2.5)
    assert change(blink, 159, 7) > 12 > 3 > change(blink, 199)


@pytest.mark.usefixtures("steady")
def test_looks_of_the_head_differ(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    window.actions_["follow"].setChecked(False)
    plain = head(qtbot, window, puppet)
    for key in ("wireframe", "painted", "hair"):
        window.actions_[key].trigger()
        qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - plain).mean() > 1, timeout=LONG)
        window.actions_[key].trigger()
    qtbot.waitUntil(lambda: np.abs(pixels(window.parts.head.picture()) - plain).mean() < 0.5, timeout=LONG)


@pytest.mark.usefixtures("steady")
def test_orbit_pan_zoom_and_reset(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    view = window.parts.head
    window.actions_["follow"].setChecked(False)
    front = head(qtbot, window, puppet)
    native = view.native
    middle = native.rect().center()
    QTest.mousePress(native, Qt.MouseButton.LeftButton, pos=middle)
    for step in range(1, 8):
        before = view.orbit.wanted.yaw
        # VisPy leaves out moves that come too quickly.
        qtbot.waitUntil(lambda: _drag(native, middle + _right(10 * step)) or view.orbit.wanted.yaw > before)  # noqa: B023
    QTest.mouseRelease(native, Qt.MouseButton.LeftButton, pos=middle + _right(70))
    assert view.orbit.wanted.yaw > 0.2
    assert np.abs(pixels(view.picture()) - front).mean() > 3
    window.actions_["reset_view"].trigger()
    qtbot.waitUntil(lambda: view.orbit.shown == view.orbit.wanted, timeout=LONG)
    assert view.orbit.shown.yaw == 0
    assert np.abs(pixels(view.picture()) - front).mean() < 0.5


def _right(x: int) -> QPoint:
    return QPoint(x, 0)


def _drag(widget: QWidget, to: QPoint) -> None:
    """A move with the left button held, which QTest cannot say."""
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    at = QPointF(to)
    event = QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), none, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def test_mirror_turns_the_head(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    puppet.rotation = np.array([0, 0.5, 0], np.float32)
    yaw = 1
    qtbot.waitUntil(
        lambda: (
            bool(window.controller.state.faces) and window.controller.state.faces[0].state.pose.rotation[yaw] > 0.49
        ),
        timeout=LONG,
    )
    mirrored = pixels(window.parts.head.picture())
    window.actions_["mirror"].trigger()
    plain = pixels(window.parts.head.picture())
    assert np.abs(plain - mirrored).mean() > 3
    # The light stays where it is, so that the pictures mirror each other only roughly.
    assert np.abs(plain[:, ::-1] - mirrored).mean() < 0.7 * np.abs(plain - mirrored).mean()
