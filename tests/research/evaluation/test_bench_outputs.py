"""The benchmark of live outputs, in a process of its own: one run sends to all outputs at once."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sending import face_of, frame_of

from expnet_live.core.arkit import INDEX
from expnet_live.core.paths import assets_dir
from expnet_live.outputs.output import OUTPUTS
from expnet_live.research.evaluation.outputs.bench_outputs import arrived
from expnet_live.research.evaluation.outputs.numbers import ACTIONS, MOST, number_in, number_of, numbered
from expnet_live.research.evaluation.outputs.sending import Sent

needs_weights = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "demo.mp4")),
    reason="the weights and the demo clip are not built yet",
)
ALWAYS = {"vmc", "livelink", "openseeface", "ifacialmocap", "facemotion3d", "ws", "vtubestudio"}


@needs_weights
def test_every_receiver_gets_every_frame(tmp_path: Path) -> None:
    """Five seconds of the ten minutes that a person runs. How quick it is depends on what else the computer does."""
    out = tmp_path / "outputs.json"
    command = [sys.executable, "-m", "expnet_live", "bench", "--outputs", str(5 / 60), "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    report = json.loads(out.read_text())
    receivers = set(report["outputs"])
    assert receivers >= ALWAYS and ("camera" in receivers) == (find_spec("pyvirtualcam") is not None)
    assert {n for n in receivers if n.startswith("lsl ")} == set(
        ("lsl Expression", "lsl Action Units", "lsl Pose", "lsl Gaze") if find_spec("pylsl") else ()
    )
    measured = {name.split()[0] for name in receivers}
    assert set(report["unmeasured"]) == set(OUTPUTS) - measured
    assert all(name in done.stdout for name in report["unmeasured"])
    assert report["frames"] == 300 and report["network_frames"] > 0
    for name, row in report["outputs"].items():
        assert row["share"] >= 0.999, (name, report["dropped"], done.stdout)
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    assert report["growth_mb"] < 30 < report["memory_mb"]
    assert all(f"  {name} " in done.stdout for name in receivers) and "ms of CPU a frame" in done.stdout


@pytest.mark.parametrize("number", [0, 1, 99, 100, 43_210, MOST - 1])
def test_a_number_is_in_the_values_and_in_the_picture(number: int) -> None:
    state = numbered(frame_of(1.0, face_of()), number)
    assert number_in(state.captured.frame.image) == number
    weights = state.faces[0].blendshapes
    assert weights is not None
    assert number_of([float(weights[INDEX[name]]) for name in ACTIONS]) == number


def test_losses_repeats_and_delays() -> None:
    sent = Sent(np.arange(4) / 60, np.arange(4) / 60 + 0.01, np.zeros(4), 0.0, {})
    by_number = np.array([900_000.0, 0, 1, 1, 3]), np.array([0.0, 0.011, 0.03, 0.06, 0.065])
    by_time = np.array([-0.5, 1 / 60 + 1e-5, 3 / 60]), np.array([0.1, 0.03, 0.065])
    rows = arrived(sent, {"vmc": by_number, "openseeface": by_time})
    assert rows["vmc"]["share"] == 0.75 and rows["openseeface"]["share"] == 0.5
    assert rows["vmc"]["p50_ms"] == pytest.approx(1e3 * (0.03 - 1 / 60 - 0.01))
