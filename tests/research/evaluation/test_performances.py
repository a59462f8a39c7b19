"""Heads that perform, as a yardstick: what they do, how it is drawn, and the figures of what is said of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.research.evaluation.expression.performances import FPS, Heard, condition_figures, onset_error, sides
from expnet_live.research.evaluation.expression.script import Event, acting, alone, neutral_turns, sequence
from expnet_live.research.evaluation.expression.winks import winks


def _heard() -> Heard:
    moments = acting((0.5, 1.0), 0, np.random.default_rng(0))
    truth = np.array([m.strengths for m in moments])
    n = len(truth)
    return Heard(truth.copy(), truth, np.zeros(n, int), [m.action for m in moments], np.ones(n, bool), np.zeros(n))


def test_every_action_is_alone_once_at_each_strength() -> None:
    moments = acting((0.5, 1.0), 5, np.random.default_rng(0))
    assert [m.action for m in moments if m.action] == [name for name in ARKIT for _ in range(2)]
    assert all((m.strengths >= 0).all() and (m.strengths <= 1).all() for m in moments)
    assert alone("eyeLookInLeft", 0.7)[INDEX["eyeLookOutRight"]] == np.float32(0.7)
    assert alone("mouthClose", 1.0)[INDEX["jawOpen"]] == 1


def test_who_tells_the_truth_has_no_crosstalk() -> None:
    heard = _heard()
    for row in condition_figures(heard):
        assert row.r == pytest.approx(1) and row.gain == pytest.approx(1), row.name
        assert row.crosstalk == pytest.approx(0, abs=1e-6) and row.loudest == ""
    assert all(share == pytest.approx(0, abs=1e-6) for both in sides(heard).values() for share in both.values())


def test_a_side_that_moves_with_the_other_is_found() -> None:
    heard = _heard()
    heard.said[:, INDEX["mouthSmileRight"]] = heard.truth[:, INDEX["mouthSmileLeft"]] / 2
    assert sides(heard)["mouthSmile"] == {"left": pytest.approx(0.5), "right": None}
    (smile,) = [row for row in condition_figures(heard) if row.name == "mouthSmileLeft"]
    assert smile.loudest == "mouthSmileRight" and smile.loudness == pytest.approx(0.5)


def test_onsets_are_measured_at_half_height() -> None:
    t = np.arange(0, 2, 1 / FPS)
    said = 0.6 * np.clip((t - 0.55) / 0.2, 0, 1)  # half of its height at .65 s
    assert onset_error(said, Event("jawOpen", 0.5, 0.6, 1.4)) == pytest.approx(50, abs=2)
    assert onset_error(said * 0.1, Event("jawOpen", 0.5, 0.6, 1.4)) is None


def test_sequences_have_every_action_and_turns_go_both_ways() -> None:
    moments, events = sequence(FPS, np.random.default_rng(1))
    assert {e.action for e in events} == set(ARKIT)
    assert np.array([m.strengths for m in moments]).max(0).min() > 0.4
    yaws = [m.turn[0] for m in neutral_turns()]
    assert min(yaws) == pytest.approx(-0.698, abs=0.01) and max(yaws) == pytest.approx(0.698, abs=0.01)


def test_winks_are_told_from_blinks() -> None:
    truth, left, right = np.zeros((30, 52)), INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]
    truth[0:5, [left, right]] = truth[10:15, left] = truth[20:25, right] = 0.9
    said = 0.8 * truth
    said[10:15, left], said[10:15, right] = 0.4, 0.1
    found = winks(said, truth)
    assert found["left"] == {"shut": pytest.approx(0.4 / 0.72), "open": pytest.approx(0.1)}
    assert found["right"] == {"shut": pytest.approx(1), "open": 0}


def test_a_quick_run_draws_hears_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, table, sheet = tmp_path / "figures.json", tmp_path / "figures.csv", tmp_path / "sheet.webp"
    wanted = ["--performances", "1", "--quick", "--no-demo"]
    files = ["--out", str(out), "--csv", str(table), "--contact-sheet", str(sheet)]
    assert main(["evaluate", "expression", *wanted, *files, "--device", "cpu"]) == 0
    assert "jawOpen" in capsys.readouterr().out
    heads = json.loads(out.read_text())["performances"]["own"]
    part = heads["conditions"]["200 px"]
    assert part["summary"]["found"] > 0.9
    rows = {row["name"]: row for row in part["actions"]}
    assert set(rows) == set(ARKIT) and rows["jawOpen"]["r"] > 0.6
    assert set(heads["neutral turns"]) == {"jaw", "mouth"}
    with table.open(newline="") as f:
        assert {row["name"] for row in csv.DictReader(f)} == set(ARKIT)
    picture = cv2.imread(str(sheet))
    assert picture is not None and picture.shape[1] == 2100 and picture.std() > 10


def test_ict_needs_its_indices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "expression", "--ict", str(tmp_path / "ict.npz")]) != 0
    assert "--indices" in capsys.readouterr().err
