"""Figures of ARKit's actions: r and gain, and the demo clip's truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.paths import asset
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression.command import demo
from expnet_live.research.evaluation.expression.demo import demo_truth
from expnet_live.research.evaluation.expression.measure import by_turn, figures, summary, table


def test_gain_and_r_are_those_within_clips() -> None:
    rng = np.random.default_rng(0)
    clip = np.repeat([0, 1], 200)
    truth = np.full((400, 52), np.nan)
    truth[:, INDEX["jawOpen"]] = rng.random(400) * 0.5 + 0.4 * clip
    truth[:, INDEX["cheekPuff"]] = 0.001 * rng.random(400)
    said = np.zeros((400, 52))
    said[:, INDEX["jawOpen"]] = 0.5 * truth[:, INDEX["jawOpen"]] + 3 * clip  # an offset for each clip says nothing
    rows = figures(said, truth, clip)
    assert [f.name for f in rows] == ["jawOpen", "cheekPuff"]
    jaw = rows[0]
    assert jaw.moves and jaw.r == pytest.approx(1) and jaw.gain == pytest.approx(0.5)
    assert not rows[1].moves and rows[1].r == 0
    assert summary(rows) == {"actions": 1, "r_mean": pytest.approx(1), "gain_median": pytest.approx(0.5),
                             "gain_min": pytest.approx(0.5)}  # fmt: skip
    assert "jawOpen" in table(rows) and "cheekPuff" not in table(rows)


def test_silence_follows_nothing() -> None:
    truth = np.full((50, 52), np.nan)
    truth[:, INDEX["jawOpen"]] = np.linspace(0, 1, 50)
    (jaw,) = figures(np.zeros((50, 52)), truth)
    assert (jaw.r, jaw.gain) == (0, 0)


def test_frames_without_a_face_do_not_count() -> None:
    truth = np.tile(np.linspace(0, 1, 50)[:, None], (1, 52))
    truth[40:] = 3  # while no face is found, so that it moves the mean of the truth alone
    said = 0.5 * truth
    said[40:] = np.nan
    rows = figures(said, truth)
    assert [(f.r, f.gain) for f in rows] == [(pytest.approx(1), pytest.approx(0.5))] * 52
    assert rows[0].sd == pytest.approx(truth[:40, 0].std())


def test_figures_by_turn_count_both_sides_and_leave_few_frames_out() -> None:
    rng = np.random.default_rng(0)
    truth = np.zeros((150, 52))
    truth[:, 17] = rng.random(150)
    said, clip = truth.copy(), np.zeros(150, int)
    yaw = np.radians(np.r_[np.full(40, 5.0), np.full(40, -15.0), np.full(40, 15.0), np.full(30 - 1, 25.0), 60.0])
    said[40:120] *= 0.5
    steps = by_turn(said, truth, clip, yaw)
    assert [(s["turned_from"], s["turned_to"], s["frames"]) for s in steps] == [(0, 10, 40), (10, 20, 80)]
    assert [s["gain_median"] for s in steps] == pytest.approx([1.0, 0.5]) and steps[1]["r_mean"] == pytest.approx(1)


def test_the_demo_clips_truth_is_in_full_actions() -> None:
    truth = demo_truth(asset("demo.csv"))
    assert truth.shape == (240, 52)
    most = dict(zip(ARKIT, truth.max(0), strict=True))
    assert 0.2 < most["jawOpen"] < 1.2 and 0.5 < most["eyeBlinkLeft"] < 1.5 and 0.4 < most["mouthSmileLeft"] < 1.5
    assert most["jawLeft"] > 0.3 and most["jawRight"] > 0.3
    left, right = truth[:, INDEX["eyeLookOutLeft"]], truth[:, INDEX["eyeLookInRight"]]
    assert np.allclose(left, right)


def test_the_pipeline_tells_what_the_demo_clips_face_does(pipeline: Pipeline) -> None:
    found = summary(figures(*demo(pipeline)))
    assert found["actions"] == 31 and found["r_mean"] > 0.87 and 0.85 < found["gain_median"] < 1.1


def test_clips_need_a_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "expression", str(tmp_path)]) != 0
    assert "--teacher" in capsys.readouterr().err
