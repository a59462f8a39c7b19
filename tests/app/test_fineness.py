"""A head that takes long to draw gets a lower resolution, and a high one again when there is time."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter

from expnet_live.app.view3d.fineness import Fineness
from expnet_live.app.widgets.head_canvas import soften


def after(seconds: list[float]) -> float:
    """The fineness after a minute's drawings of each duration."""
    fineness = Fineness()
    for each in seconds:
        for _ in range(60):
            fineness.add(each)
    return fineness.value


@pytest.mark.parametrize(("seconds", "wanted"), [([0.005], 1.5), ([0.03], 1.0), ([0.03, 0.004], 1.5), ([0.011], 1.5)])
def test_fineness_follows_the_pace(seconds: list[float], wanted: float) -> None:
    assert after(seconds) == wanted


def test_one_slow_drawing_changes_nothing() -> None:
    fineness = Fineness()
    for i in range(100):
        fineness.add(0.5 if i % 12 == 5 else 0.006)
    assert fineness.value == 1.5


def test_outlines_are_smooth_where_the_time_allows_no_finer_drawing() -> None:
    """Only pixels beside an edge change, be it the outline or within, and no colour bleeds in from outside."""
    picture = QImage(40, 40, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(0)
    painter = QPainter(picture)
    painter.setBrush(QColor(200, 120, 80))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(6, 6, 28, 28)
    painter.fillRect(12, 19, 16, 3, QColor(90, 40, 20))
    painter.end()
    before = np.frombuffer(picture.bits(), np.uint8).reshape(40, 40, 4).astype(int)
    assert set(np.unique(before[..., 3])) == {0, 255}
    soften(picture)
    after = np.frombuffer(picture.bits(), np.uint8).reshape(40, 40, 4).astype(int)
    assert len(np.unique(after[..., 3])) > 5
    assert np.array_equal(after[10:18, 15:25], before[10:18, 15:25]) and not after[:4].any()
    # A stripe of three rows keeps its middle; at its edge a third of the other colour shines through.
    assert np.array_equal(after[20, 20], before[20, 20])
    assert np.allclose(after[19, 20, :3], np.array((20, 40, 90)) * 2 / 3 + np.array((80, 120, 200)) / 3, atol=1)
    seen = (after[..., 3] > 0) & (np.abs(np.arange(40) - 20)[:, None] > 4)
    colors = after[seen][:, :3] / after[seen][:, 3:] * 255
    assert np.abs(colors - (80, 120, 200)).max() < 40  # as far as eight bits of a faint pixel say
