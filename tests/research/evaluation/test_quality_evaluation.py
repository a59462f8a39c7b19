"""evaluate quality: the fit finds known weights, deciles are in order, and the command runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.pipeline import quality
from expnet_live.research.evaluation.quality.command import figures, fitted


def test_the_fit_finds_the_weights_of_made_errors() -> None:
    rng = np.random.default_rng(1)
    conditions, weights = rng.random((4000, 5)), np.array([0.5, 0.0, 0.3, 0.8, 0.1])
    errors = 0.05 * np.exp(conditions @ weights + rng.normal(0, 0.2, 4000))
    found, best = fitted(conditions, errors)
    np.testing.assert_allclose(found, weights, atol=0.05)
    assert best == pytest.approx(np.percentile(conditions @ weights, 10), abs=0.05)


def test_errors_that_follow_the_conditions_fall_with_quality() -> None:
    rng = np.random.default_rng(2)
    conditions = rng.random((1000, 5))
    errors = np.array([0.05 / quality.quality(c) for c in conditions])
    told = figures(conditions, errors)
    assert told["rank_r"] == pytest.approx(-1, abs=0.02)
    means = [row["error"] for row in told["deciles"]]
    assert means == sorted(means, reverse=True)
    assert all(row["error"] == pytest.approx(row["expected"], rel=0.02) for row in told["deciles"])


def test_too_few_frames_for_deciles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "quality", "--people", "1", "--frames", "3", "--device", "cpu"]) == 2
    assert "of 3 frames, fewer than deciles; give more --frames." in capsys.readouterr().err


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "quality.json"
    assert (
        main(["evaluate", "quality", "--people", "1", "--frames", "14", "--fit", "--device", "cpu", "--out", str(out)])
        == 0
    )
    found = json.loads(out.read_text())
    assert len(found["deciles"]) == 10 and found["found"] <= found["frames"] == 14
    assert "| decile of quality |" in capsys.readouterr().out
