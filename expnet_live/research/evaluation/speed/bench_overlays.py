"""What overlays cost `analyze`: the CPU time of whole runs with each style, compared with runs without."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.render.style import OverlayStyle

WITHOUT = "without"


def bench_overlays(video: str, repeats: int = 2) -> dict[str, float]:
    """CPU seconds of the quickest of some runs of `analyze`, by the style of the overlay. The runs take turns.

    Raises UserError if `analyze` fails.
    """
    best: dict[str, float] = {}
    for _ in range(repeats):
        for style in (WITHOUT, *OverlayStyle):
            options = [] if style == WITHOUT else ["--overlay", str(style)]
            seconds = _cpu_seconds([video, *options])
            best[str(style)] = min(seconds, best.get(str(style), seconds))
    return best


def print_overlays(seconds: dict[str, float]) -> None:
    print(f"{'analyze, overlay':20}{'CPU, s':>8}{'ratio':>8}")
    for style, cpu in seconds.items():
        print(f"{style:20}{cpu:8.2f}{cpu / seconds[WITHOUT]:8.2f}")


def _cpu_seconds(arguments: Sequence[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "expnet_live", "analyze", *arguments, "--out", str(Path(folder) / "out")]
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = os.times()
    if done.returncode:
        raise UserError(f"The overlays of {arguments[0]} could not be measured: {done.stderr.strip()[-300:]}")
    return after.children_user + after.children_system - before.children_user - before.children_system
