"""The benchmark runs on a video and reports its results, and its parts measure what they claim."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mesh import landmarker

from expnet_live.cli import main
from expnet_live.core.paths import assets_dir
from expnet_live.networks import runtime
from expnet_live.research.evaluation.speed import bench, timing
from expnet_live.research.evaluation.speed.bench_process import Task, measure
from expnet_live.research.evaluation.speed.timing import Timings, limit_threads

needs_weights = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "demo.mp4")),
    reason="the weights and the demo clip are not built yet",
)


@pytest.fixture
def same_threads_afterwards(monkeypatch: pytest.MonkeyPatch) -> object:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    torch_threads, cv_threads = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(torch_threads)
    cv2.setNumThreads(cv_threads)


def test_timings_tell_waiting_from_working() -> None:
    timings = Timings()
    for _ in range(3):
        assert timings(lambda: float(np.sort(np.random.default_rng(0).random(200_000))[0])) < 1e-3
    summary = timings.summary()
    assert 0 < summary["median_ms"] <= summary["p95_ms"]
    assert summary["cpu_median_ms"] > 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no processes to cores")
def test_threads_are_limited(same_threads_afterwards: object, monkeypatch: pytest.MonkeyPatch) -> None:
    cores = os.sched_getaffinity(0)
    try:
        limit_threads(1)
        assert torch.get_num_threads() == 1 and len(os.sched_getaffinity(0)) == 1
        # Also where no process can be bound to cores.
        monkeypatch.setattr(runtime, "available_cores", lambda: 4)
        assert runtime.cpu_threads() == 1
    finally:
        for thread in timing.threads_of_process():
            os.sched_setaffinity(thread, cores)


@needs_weights
def test_the_whole_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], same_threads_afterwards: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "threads_of_process", list)  # the other tests want all cores
    monkeypatch.setattr(bench, "PHOTOS", 3)
    out = tmp_path / "bench.json"
    with landmarker():
        assert main(["bench", "--frames", "20", "--size", "320x240", "--threads", "1", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    (video,) = report["videos"]
    assert video["size"] == [320, 240] and video["pipeline"]["held"] == 1
    assert {"crop", "network", "smooth", "mesh"} <= set(video["stages"])
    parts = sum(video["stages"][name]["mean_per_frame_ms"] for name in video["stages"])
    assert parts < 1.5 * np.mean([video["pipeline"]["median_ms"], video["pipeline"]["p95_ms"]])
    assert report["photos"]["faces"] >= 3
    assert report["photos"]["images_per_second"]["expnet"] > 0
    for process in report["process"].values():
        assert process["first_result_s"] > process["imports_s"] > 0
        assert 50 < process["peak_memory_mb"] < 4000
    printed = capsys.readouterr().out
    assert "whole pipeline" in printed and "landmark fit" in printed


def test_a_failed_process_is_told() -> None:
    with pytest.raises(RuntimeError, match="nowhere"):
        measure(Task("expnet", "nowhere.mp4"), repeats=1)


@pytest.mark.parametrize("size", ["1280", "axb", "0x5"])
def test_sizes_that_are_none(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--size", size])
    assert "--size" in capsys.readouterr().err


def test_overlays_of_a_video_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.zeros((64, 64, 3), np.uint8))
    assert main(["bench", str(photo), "--overlays"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:]] == ["without", "contours", "mesh", "solid"]
