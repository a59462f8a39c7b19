"""What overlays cost `analyze`: the CPU time and the duration of whole runs with each style, compared with runs
without."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.render.style import OverlayStyle

WITHOUT = "without"


def bench_overlays(video: str, repeats: int = 2) -> dict[str, tuple[float, float]]:
    """CPU time and duration in s of the quickest of some runs of `analyze`, by the style of the overlay. The runs take
    turns.

    Raises UserError if `analyze` fails.
    """
    best: dict[str, tuple[float, float]] = {}
    for _ in range(repeats):
        for style in (WITHOUT, *OverlayStyle):
            options = [] if style == WITHOUT else ["--overlay", str(style)]
            cpu, wall = _seconds([video, *options])
            least = best.get(str(style), (cpu, wall))
            best[str(style)] = min(cpu, least[0]), min(wall, least[1])
    return best


def print_overlays(seconds: dict[str, tuple[float, float]]) -> None:
    print(f"{'analyze, overlay':20}{'CPU, s':>8}{'ratio':>8}{'time, s':>9}{'ratio':>8}")
    for style, times in seconds.items():
        cpu, wall = (f"{t:8.2f}{t / least:8.2f}" for t, least in zip(times, seconds[WITHOUT], strict=True))
        print(f"{style:20}{cpu} {wall}")


def _seconds(arguments: Sequence[str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "expnet_live", "analyze", *arguments, "--out", str(Path(folder) / "out")]
        begun, before = time.perf_counter(), os.times()
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
        after, wall = os.times(), time.perf_counter() - begun
    if done.returncode:
        raise UserError(f"The overlays of {arguments[0]} could not be measured: {done.stderr.strip()[-300:]}")
    return after.children_user + after.children_system - before.children_user - before.children_system, wall
