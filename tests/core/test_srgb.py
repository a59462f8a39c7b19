"""Colours: sRGB, linear and CIE Lab."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.srgb import lab_from_linear, linear_from_srgb, srgb_from_lab


def test_bytes_are_as_linear_as_floats() -> None:
    steps = np.arange(256)
    assert np.array_equal(linear_from_srgb(steps.astype(np.uint8)), linear_from_srgb(steps.astype(np.float32)))


# Published values of the primaries under D65.
@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (100, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_primaries(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    assert np.abs(lab_from_linear(linear_from_srgb(np.array(rgb, np.uint8))) - lab).max() < 0.05


def test_lab_leads_back_to_the_same_colour() -> None:
    colors = np.random.default_rng(0).integers(0, 256, (4, 50, 3)).astype(np.uint8)
    assert np.abs(srgb_from_lab(lab_from_linear(linear_from_srgb(colors))) - colors).max() < 0.02
