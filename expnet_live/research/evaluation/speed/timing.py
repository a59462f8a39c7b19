"""Times calls fairly: wall and CPU seconds, and their statistics."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

T = TypeVar("T")
log = logging.getLogger(__name__)


class Timings:
    """Wall and CPU seconds of repeated calls; CPU seconds are those of all threads of this process."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def __call__(self, call: Callable[[], T]) -> T:
        cpu, wall = time.process_time(), time.perf_counter()
        result = call()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        return result

    @property
    def median(self) -> float:
        """Median wall seconds."""
        return float(np.median(self.wall))

    @property
    def quick(self) -> float:
        """Tenth percentile of wall seconds: the time without interference from other programs."""
        return float(np.percentile(self.wall, 10))

    def summary(self) -> dict[str, float]:
        """Milliseconds: median, 10th and 95th percentile of the wall clock, median CPU time."""
        return {
            "median_ms": 1e3 * self.median,
            "p10_ms": 1e3 * self.quick,
            "p95_ms": 1e3 * float(np.percentile(self.wall, 95)),
            "cpu_median_ms": 1e3 * float(np.median(self.cpu)),
        }


def limit_threads(threads: int) -> None:
    """Limit the CPU threads of networks loaded later, torch and OpenCV, and, if the system can, of the whole
    process.
    """
    import cv2

    # For ONNX Runtime (see networks/runtime.py), and for torch if it is loaded later.
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    cv2.setNumThreads(threads)
    if hasattr(os, "sched_setaffinity"):
        # mediapipe sizes its own thread pool, but cannot ignore a limit on cores.
        cores = sorted(os.sched_getaffinity(0))[:threads]
        for thread in threads_of_process():
            os.sched_setaffinity(thread, cores)


def tell_if_busy() -> None:
    """Threads that wait for each other lose most beside other programs: that once made a fit 30 times as slow."""
    cores = os.cpu_count() or 1
    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) > cores / 2:
        log.warning(
            "Other programs keep this computer busy (load %.1f on %d cores), which slows methods of several threads "
            "most; measure again when it is quiet, or with --threads 1.", load, cores,
        )  # fmt: skip


def threads_of_process() -> list[int]:
    """The existing threads; later ones inherit from them."""
    try:
        return [int(t) for t in os.listdir("/proc/self/task")]  # noqa: PTH208
    except OSError:
        return [0]
