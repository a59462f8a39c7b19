"""The window's benchmark: rates, latency, responsiveness, start-up, memory, and CPU time."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.capture.spec import DEMO
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.heads.built_in import face_model
from expnet_live.research.evaluation.app.probe import AppTask
from expnet_live.research.evaluation.app.virtual_display import virtual_display

_WARM_UP, _SOAK_WARM_UP = 3.0, 60.0  # s; memory may grow in the first minute of a soak


@dataclass(frozen=True)
class Bar:
    """A figure of the report and its limit: a maximum, or (`rate`) the least number of frames in a second."""

    key: str
    title: str
    limit: float
    unit: str
    rate: bool = False
    soak: bool = False

    def met(self, report: dict[str, Any]) -> bool:
        value: float = report[self.key]
        if not self.rate:
            return value <= self.limit
        # Frames are whole: of 25 in each second, 500 fall into 20.01 s, or 501. One fewer is one lost.
        return round(value * report["seconds"]) >= math.floor(self.limit * report["seconds"])


BARS = (
    Bar("processed_fps", "frames through the network", 25, "per s", rate=True),
    Bar("shown_fps", "faces on the screen", 25, "per s", rate=True),
    Bar("latency_p95_ms", "capture to screen, p95", 100, "ms"),
    Bar("hold_ms", "longest stall of the GUI thread", 50, "ms"),
    Bar("first_face_s", "start to the first face", 8, "s"),
    Bar("close_s", "closing", 2, "s"),
    Bar("growth_mb", "memory growth after a minute", 30, "MB", soak=True),
)


def bench_app(args: argparse.Namespace) -> int:
    """Measure, print and write what cli/bench.py's arguments ask for; return 1 if a soak finds growth or leftovers.

    Raises UserError, as for a head that cannot be worn: the window would only say so, and wear ours.
    """
    if args.head:
        Wardrobe().head(args.head, face_model())
    soak = args.soak is not None
    seconds = 60 * args.soak if soak else args.seconds
    task = AppTask(
        video=args.videos[0] if args.videos else DEMO,
        seconds=seconds,
        # A short soak has no first minute to exclude.
        warm_up=min(_SOAK_WARM_UP, seconds / 3) if soak else _WARM_UP,
        threads=args.threads,
        folder="",
        model=args.model,
        device=args.device,
        head=args.head,
        screenshot=None if args.screenshot is None else str(args.screenshot.resolve()),
    )
    report = measure_app(task)
    bars = [b for b in BARS if soak or not b.soak]
    _print(report, bars)
    if args.json:
        write_json(args.json, report)
    leaks = report["left"] or any(b.soak and not b.met(report) for b in bars)
    return 1 if leaks else 0


def measure_app(task: AppTask) -> dict[str, Any]:
    """The report of a fresh process of probe.py. Raises UserError if there is no display or the window fails."""
    env = dict(os.environ)
    # The app's own distribution of the cores is part of the measurement.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        env.pop(name, None)
    with tempfile.TemporaryDirectory() as folder, _display(env) as display:
        env["EXPNET_LIVE_DATA"] = folder
        asked = replace(task, folder=folder, display=display, spawned=time.time())
        command = [sys.executable, "-m", "expnet_live.research.evaluation.app.probe", json.dumps(asdict(asked))]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
        )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "Error" in line]
        raise UserError(f"The window could not be measured: {' '.join(errors[-1:]) or 'it crashed'}")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


@contextmanager
def _display(env: dict[str, str]) -> Iterator[int | None]:
    """Start a virtual display if there is none, and give its server's process number."""
    from expnet_live.app.platform.linux import has_display

    if not sys.platform.startswith("linux") or has_display(env):
        yield None
        return
    with virtual_display(env) as pid:
        yield pid


def _print(report: dict[str, Any], bars: list[Bar]) -> None:
    print(f"{report['renderer']}; {report['seconds']:.0f} s measured, {report['captured_fps']:.1f} frames/s captured")
    for bar in bars:
        wanted = f"{'at least' if bar.rate else 'at most'} {bar.limit:g}"
        verdict = "met" if bar.met(report) else "MISSED"
        print(f"  {bar.title:30}{report[bar.key]:9.1f} {bar.unit:9} {wanted:14} {verdict}")
    print(f"  {'latency, median':30}{report['latency_median_ms']:9.1f} ms")
    print(f"  {'longest stall while starting':30}{report['start_hold_ms']:9.1f} ms", end="")
    print(f"        ({report['start_hold_cpu_ms']:.0f} ms of CPU time; later {report['hold_cpu_ms']:.0f} ms)")
    print(f"  {'window after':30}{report['window_s']:9.1f} s")
    print(f"  {'memory':30}{report['memory_mb']:9.1f} MB        (grown by {report['growth_mb']:.1f} MB)")
    print(f"  {'left after closing':30}{', '.join(report['left']) or 'nothing':>9}")
    print("  mean ms by stage: " + ", ".join(f"{k} {v:.1f}" for k, v in report["stages_ms"].items()))
    print(f"  CPU ms for each frame on the screen (all together {report['cpu_ms_per_s']:.0f} ms per second):")
    for name, ms in report["cpu_ms_per_frame"].items():
        print(f"    {name:28}{ms:9.2f}")
