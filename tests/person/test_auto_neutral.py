"""The automatic neutral: low brows do not count as lowered, and a smile stays a smile."""

from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array, Box, FaceState, Pose
from expnet_live.person.auto_neutral import AutoNeutral

BROW, SMILE, BLINK = (INDEX[n] for n in ("browDownLeft", "mouthSmileLeft", "eyeBlinkLeft"))
RATE = 30.0


def _state(time: float, yaw: float = 0.0, face: int = 0, **strengths: float) -> FaceState:
    weights = np.zeros(N_BLENDSHAPES, np.float32)
    for name, value in strengths.items():
        weights[INDEX[name]] = value
    pose = Pose(np.array([0, yaw, 0], np.float32), np.zeros(3, np.float32))
    nothing = np.zeros(29, np.float32)
    box = Box(0, 0, 1, 1)
    return FaceState(face, 0, time, box, 0.9, nothing, nothing, np.zeros(50), pose, None, {}, weights)


def _watch(neutral: AutoNeutral, start: float, seconds: float, **what: float) -> float:
    """Shows a face for so long; the time afterwards."""
    for i in range(round(seconds * RATE)):
        neutral.add(_state(start + i / RATE, **what), start + i / RATE)
    return start + seconds


def _shown(neutral: AutoNeutral, face: int = 0, **strengths: float) -> Array:
    weights = _state(0.0, **strengths).blendshapes
    assert weights is not None
    return neutral.corrected(weights, face)


def test_low_brows_become_rest_and_a_frown_stays_full() -> None:
    neutral = AutoNeutral()
    assert _shown(neutral, browDownLeft=0.25)[BROW] == pytest.approx(0.25)
    _watch(neutral, 0.0, 4.0, browDownLeft=0.25)
    assert _shown(neutral, browDownLeft=0.25)[BROW] == pytest.approx(0, abs=0.01)
    assert _shown(neutral, browDownLeft=1.0)[BROW] == pytest.approx(1)


def test_a_smile_is_no_rest() -> None:
    neutral = AutoNeutral()
    now = _watch(neutral, 0.0, 4.0)
    now = _watch(neutral, now, 20.0, mouthSmileLeft=0.8)
    assert _shown(neutral, mouthSmileLeft=0.8)[SMILE] > 0.75
    # Who begins with a smile gets it back after some seconds at rest.
    other = AutoNeutral()
    now = _watch(other, 0.0, 4.0, mouthSmileLeft=0.6)
    assert _shown(other, mouthSmileLeft=0.6)[SMILE] > 0.4  # more than .3 is never taken for rest
    _watch(other, now, 12.0)
    assert _shown(other, mouthSmileLeft=0.6)[SMILE] > 0.57


def test_blinks_speech_and_turned_heads_are_left_out() -> None:
    neutral = AutoNeutral()
    now = _watch(neutral, 0.0, 4.0, jawOpen=0.6, browDownLeft=0.3)
    now = _watch(neutral, now, 4.0, eyeBlinkLeft=0.9, browDownLeft=0.3)
    _watch(neutral, now, 4.0, yaw=0.6, browDownLeft=0.3)
    assert _shown(neutral, browDownLeft=0.3)[BROW] == pytest.approx(0.3)
    _watch(neutral, now, 4.0, eyeBlinkLeft=0.2)
    assert _shown(neutral, eyeBlinkLeft=0.2)[BLINK] == pytest.approx(0.2)


def test_each_face_has_its_own_and_it_is_forgotten() -> None:
    neutral = AutoNeutral()
    _watch(neutral, 0.0, 4.0, browDownLeft=0.25)
    assert neutral.share(0) == 1 and neutral.share(1) == 0
    assert _shown(neutral, face=1, browDownLeft=0.25)[BROW] == pytest.approx(0.25)
    neutral.add(_state(30.0, face=1), 30.0)
    assert neutral.share(0) == 0
