"""What a decoder of an output finds, and whether it is what was sent.

Directions are in the person's own terms: x to their left, y up, z to the front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sending import WEIGHTS

FRONT, TOP = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
LEFT_EYE, RIGHT_EYE = 1, 0  # in our gaze


@dataclass
class Decoded:
    front: np.ndarray
    top: np.ndarray
    eyes: dict[int, np.ndarray]
    weights: dict[str, float]


def aimed(right: float, up: float) -> np.ndarray:
    """Where an eye points to that is turned to the person's right and up, rad."""
    return np.array([-np.sin(right) * np.cos(up), np.sin(up), np.cos(right) * np.cos(up)])


def turned_by(right: float, down: float, to_right_shoulder: float) -> tuple[np.ndarray, np.ndarray]:
    """Front and top of a head, by angles of which one alone is not 0."""
    front = np.array([-np.sin(right), -np.sin(down), np.cos(right) * np.cos(down)])
    top = np.array([-np.sin(to_right_shoulder), np.cos(to_right_shoulder) * np.cos(down), np.sin(down)])
    return front, top


def check(decoded: Decoded, turn: np.ndarray, look: tuple[tuple[float, float], ...], exact: float = 1e-3) -> None:
    # Live Link's own right eye turns a little less than the left: by .603 instead of .607 rad.
    head = Rotation.from_rotvec(turn)
    np.testing.assert_allclose(decoded.front, head.apply(FRONT), atol=exact)
    np.testing.assert_allclose(decoded.top, head.apply(TOP), atol=exact)
    for eye, direction in decoded.eyes.items():
        np.testing.assert_allclose(direction, aimed(-look[eye][0], look[eye][1]), atol=2e-3)
    assert {n: decoded.weights[n] for n in WEIGHTS} == pytest.approx(WEIGHTS, abs=exact)
