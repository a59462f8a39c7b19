"""A head that takes long to draw gets a lower resolution, and a high one again when there is time."""

from __future__ import annotations

import pytest

from expnet_live.app.view3d.fineness import Fineness


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
