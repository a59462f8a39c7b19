"""The window's benchmark, on a real window in a fresh process: a short soak."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.paths import assets_dir
from expnet_live.research.evaluation.app import virtual_display as display
from expnet_live.research.evaluation.app.bench_app import BARS
from expnet_live.research.evaluation.speed.usage import process_seconds, resident_mb, thread_seconds

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells so much of a process")
needs_display = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("Xvfb"), reason="there is no Xvfb"
)
needs_weights = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "demo.mp4")),
    reason="the weights and the demo clip are not built yet",
)


@needs_display
@needs_weights
def test_a_short_soak_finds_no_leak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    out, picture = tmp_path / "soak.json", tmp_path / "window.png"
    # How quick it is depends on what else the computer does; what is left does not.
    assert main(["bench", "--soak", "0.08", "--json", str(out), "--screenshot", str(picture)]) == 0
    report: dict[str, Any] = json.loads(out.read_text())
    assert report["left"] == [] and report["growth_mb"] < 30 < report["memory_mb"]
    assert report["processed_fps"] > 0 and report["captured_fps"] > 0
    assert 0 < report["window_s"] < report["first_face_s"]
    assert report["latency_p95_ms"] >= report["latency_median_ms"] > 0
    assert {"MainThread", "inference", "software GL", "display's server"} <= set(report["cpu_ms_per_frame"])
    assert report["cpu_ms_per_frame"]["MainThread"] > 0 and "llvmpipe" in report["renderer"]
    assert picture.stat().st_size > 50_000
    printed = capsys.readouterr().out
    assert "nothing" in printed and all(bar.title in printed for bar in BARS)


@needs_display
def test_a_window_that_fails_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonsense")
    assert main(["bench", "--app", "--seconds", "1"]) == 2
    assert "could not be measured" in capsys.readouterr().err


def test_without_xvfb_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="xvfb"), display.virtual_display({}):
        pass


def test_bars() -> None:
    # Of 25 frames a second, 500.37 would fall into that time; frames are whole.
    report = {"seconds": 20.0147, "processed_fps": 500 / 20.0147, "shown_fps": 499 / 20.0147, "latency_p95_ms": 100.1}
    bars = {bar.key: bar for bar in BARS}
    assert bars["processed_fps"].met(report) and not bars["shown_fps"].met(report)
    assert not bars["latency_p95_ms"].met(report)


@on_linux
def test_a_head_that_cannot_be_worn_stops_the_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--app", "--head", "nowhere.glb"]) == 2
    assert "nowhere.glb cannot be read" in capsys.readouterr().err
    assert main(["bench", "--app", "--head", "nobody"]) == 2
    assert "no head named nobody" in capsys.readouterr().err


def test_usage_of_threads_and_processes() -> None:
    done, begun = threading.Event(), threading.Event()

    def work() -> None:
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        begun.set()
        done.wait()

    before = process_seconds(os.getpid())
    thread = threading.Thread(target=work, name="busy")
    thread.start()
    begun.wait()
    assert thread_seconds()["busy"] >= 0.04
    assert process_seconds(os.getpid()) >= before + 0.04
    done.set()
    thread.join()
    assert resident_mb() > 10
    assert process_seconds(2**30) == 0


@needs_display
@needs_weights
def test_recording_keeps_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short form of bench --record; what it costs depends on what else the computer does."""
    if shutil.disk_usage(tmp_path).free < 1.1e9:
        pytest.skip("less than 1 GB is free on this disk")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    main(["bench", "--record", "0.04", "--json", str(tmp_path / "record.json")])
    report: dict[str, Any] = json.loads((tmp_path / "record.json").read_text())
    assert report["video_frames"] == report["frames"] > 10 and report["unwritten"] == 0
    assert report["time_ms"] <= 1.0
    assert report["frames_apart"] and max(map(abs, report["frames_apart"])) <= 1
    assert 0.1 < report["fps_ratio"]["processed_fps"] < 10 and report["recorded"]["left"] == []
