from __future__ import annotations

import numpy as np
import pytest

from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.pipeline.smoothing import (
    BLENDSHAPE_NOISE,
    EXPRESSION_NOISE,
    GAZE_NOISE,
    POSITION_NOISE,
    PRESETS,
    ROTATION_NOISE,
    SCALE_NOISE,
    FaceSmoother,
    IdentityPool,
    OneEuroFilter,
)

FRONTAL = WeakPerspective(np.zeros(3), 2.0, 320.0, 240.0)


def filtered(preset: str, values: Array, times: Array) -> Array:
    one_euro = OneEuroFilter(PRESETS[preset])
    return np.array([one_euro(v, t, EXPRESSION_NOISE).copy() for v, t in zip(values, times, strict=True)])


def blink(times: Array, start: float, shape: str) -> Array:
    """A blink of 120 ms and depth 1."""
    u = (times - start) / 0.12
    inside = (u > 0) & (u < 1)
    if shape == "round":
        return np.where(inside, 0.5 - 0.5 * np.cos(2 * np.pi * u), 0)
    return np.clip(np.minimum(u, 1 - u) * 3, 0, 1)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("depth", [0.8, 1.5, 4.0])
@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_blinks_survive(preset: str, depth: float, fps: float) -> None:
    for shape in ("round", "flat"):
        for phase in np.linspace(0, 1 / fps, 12):
            times = np.arange(0, 2, 1 / fps) + phase
            raw = depth * blink(times, 1.0, shape)[:, None]
            out = filtered(preset, raw, times)
            assert out.max() >= 0.8 * raw.max()
            # The eye is open again soon after, too.
            assert abs(out[np.searchsorted(times, 1.5)]) < 0.25 * depth


@pytest.mark.parametrize(("preset", "most"), [("responsive", 0.6), ("balanced", 0.33), ("stable", 0.24)])
@pytest.mark.parametrize("noise", [0.65 * EXPRESSION_NOISE, EXPRESSION_NOISE])
def test_still_faces_are_still(preset: str, most: float, noise: float) -> None:
    rng = np.random.default_rng(0)
    times = np.arange(300) / 30
    out = filtered(preset, 1.0 + rng.normal(0, noise, (300, 500)), times)[60:]
    assert out.std(0).mean() <= most * EXPRESSION_NOISE
    assert abs(out.mean() - 1) < 0.01


def test_off_changes_nothing() -> None:
    values = np.random.default_rng(1).normal(0, 1, (20, 29))
    assert np.array_equal(filtered("off", values, np.arange(20) / 30), values)


@pytest.mark.parametrize("preset", PRESETS)
def test_slow_changes_arrive(preset: str) -> None:
    times = np.arange(0, 4, 1 / 30)
    raw = np.clip((times - 0.5) / 0.4, 0, 1)[:, None] * 2.0  # a smile within 0.4 s
    out = filtered(preset, raw, times)
    lag = times[np.argmax(out > 1.0)] - times[np.argmax(raw > 1.0)]
    assert lag <= 0.14
    assert out[-1] == pytest.approx(2.0, abs=0.02)


def test_irregular_times_and_repeated_ones() -> None:
    rng = np.random.default_rng(2)
    times = np.cumsum(rng.choice([0.0, 0.005, 0.033, 0.1, 0.3], 400))
    out = filtered("balanced", np.full((400, 3), 0.7), times)
    assert np.allclose(out, 0.7)
    noisy = filtered("balanced", rng.normal(0, 0.1, (400, 200)), times)
    assert np.isfinite(noisy).all() and noisy[50:].std() < 0.1


@pytest.mark.parametrize("jump", [0.8, -0.2])
def test_a_gap_or_a_clock_turned_back_starts_afresh(jump: float) -> None:
    one_euro = OneEuroFilter(PRESETS["stable"])
    for i in range(10):
        one_euro(np.zeros(1), i / 30, 1.0)
    assert one_euro(np.array([0.5]), 9 / 30 + jump, 1.0)[0] == 0.5


def test_unknown_presets_are_refused() -> None:
    with pytest.raises(ValueError, match="off, responsive, balanced, stable"):
        FaceSmoother("heavy")


def test_pose_and_gaze_are_smoothed_in_their_units() -> None:
    rng = np.random.default_rng(3)
    smooth = FaceSmoother("balanced")
    position = 2 * POSITION_NOISE  # px, at 2 px a mm
    noise = np.array([ROTATION_NOISE] * 3 + [SCALE_NOISE, position, position])
    views, gazes = [], []
    for i in range(200):
        *rotation, size, x, y = rng.normal(0, noise)
        raw = WeakPerspective(np.array(rotation), 2 * np.exp(size), 320 + x, 240 + y)
        _, view, gaze = smooth(np.zeros(29), raw, rng.normal(0, GAZE_NOISE, (2, 2)), i / 30)
        assert gaze is not None and gaze.shape == (2, 2)
        views.append((*view.rotation, np.log(view.scale), view.x, view.y))
        gazes.append(gaze.ravel())
    assert (np.array(views)[50:].std(0) < noise / 2).all()
    assert np.array(gazes)[50:].std() < GAZE_NOISE / 2


def test_blendshapes_are_smoothed_and_stay_within_their_range() -> None:
    rng = np.random.default_rng(4)
    smooth = FaceSmoother("balanced")
    still = np.full(52, 0.5)
    out = np.array([smooth.actions(still + rng.normal(0, BLENDSHAPE_NOISE, 52), i / 30) for i in range(200)])
    assert out.shape == (200, 52) and (out[50:].std(0) < BLENDSHAPE_NOISE / 2).all()
    shut = [smooth.actions(np.full(52, w), 10 + i / 30) for i, w in enumerate((0.0, 0.5, 1.0, 1.0, 1.1))]
    assert shut[-1].min() > 0.95 and shut[-1].max() <= 1  # a blink of four frames passes


def test_rotations_past_half_a_turn_do_not_spin_back() -> None:
    smooth = FaceSmoother("balanced")
    for i, angle in enumerate(np.linspace(2.8, 3.5, 30)):
        vector = np.array([0.0, 0.0, angle if angle <= np.pi else angle - 2 * np.pi])
        _, view, _ = smooth(np.zeros(29), WeakPerspective(vector, 2.0, 0.0, 0.0), None, i / 30)
        apart = matrix_from_vector(view.rotation).T @ matrix_from_vector(vector)
        assert np.arccos(np.clip((np.trace(apart) - 1) / 2, -1, 1)) < 0.15


def test_identity_is_a_mean_that_favours_good_looks() -> None:
    pool = IdentityPool()
    for _ in range(10):
        pool.add(np.ones(4), 1.0, np.zeros(3))
        mean = pool.add(np.zeros(4), 0.9, np.array([0.0, 1.3, 0.0]))  # nearly from the side
    assert np.all(mean > 0.9)


def test_identity_heals_from_a_wrong_start() -> None:
    pool = IdentityPool(memory=20)
    for _ in range(100):
        pool.add(np.zeros(4), 1.0, np.zeros(3))
    for _ in range(100):
        mean = pool.add(np.ones(4), 1.0, np.zeros(3))
    assert np.all(mean > 0.95)
