"""The stability evaluation: its noise, its blinks, and the bars on the real network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.core.paths import assets_dir
from expnet_live.pipeline.smoothing import EXPRESSION_NOISE, PRESETS
from expnet_live.research.evaluation.stability.command import blink_left, noisy

NAMES = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", *(f"other{i}" for i in range(26)))

needs_weights = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "demo.mp4")),
    reason="the weights and the demo clip are not built yet",
)


def test_noise_grows_with_light() -> None:
    rng = np.random.default_rng(0)
    spread = [noisy(np.full((200, 200, 3), grey, np.uint8), 4.0, rng).std() for grey in (20, 128, 220)]
    assert spread[1] == pytest.approx(4.0, rel=0.03)
    assert spread[0] < 3.3 < 4.5 < spread[2]


@pytest.mark.parametrize("preset", PRESETS)
def test_blinks_keep_their_depth(preset: str) -> None:
    closed = np.zeros(29)
    closed[1:3] = 1.5
    noise = np.random.default_rng(0).normal(0, EXPRESSION_NOISE / 2, (100, 29))
    left = blink_left(preset, np.zeros(29), closed, noise, NAMES)
    assert 0.8 < left < 1.1
    if preset == "off":
        assert left == pytest.approx(1.0, abs=0.05)


@needs_weights
def test_the_network_meets_the_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "stability.json"
    status = main(["evaluate", "stability", "--frames", "50", "--device", "cpu", "--json", str(out)])
    printed = capsys.readouterr().out
    report = json.loads(out.read_text())
    assert report["good"] == (status == 0) and status == 0, printed
    assert "balanced" in printed
    assert len(report["jitter"]["demo"]["balanced"]) == 29
    assert report["blink"]["off"] > 0.9
    assert report["actions"]["balanced"]["jitter"] < 0.05 and report["actions"]["off"]["blink"] > 0.8


@needs_weights
def test_too_few_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "stability", "--frames", "10"]) == 2
    assert "--frames" in capsys.readouterr().err
