"""The real window in a fresh process, measured from within.

Run it as `python -m expnet_live.research.evaluation.app.probe TASK`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expnet_live.research.evaluation.speed.usage import process_seconds, resident_mb, thread_seconds

if TYPE_CHECKING:
    from expnet_live.app.main_window.window import MainWindow

_SAMPLE = 1.0  # s between memory measurements
_PATIENCE = 60.0  # s to wait for the first face


@dataclass(frozen=True)
class AppTask:
    """Open the window with `video`, wait for the first face and `warm_up` seconds, then measure for `seconds`.

    `threads`: CPU cores it may use; `spawned`: time.time() when the process was started; `folder`: for its
    settings and log; `record`: a folder to record into meanwhile; `display`: process number of the display's
    server, None if it is not ours.
    """

    video: str
    seconds: float
    warm_up: float
    threads: int
    folder: str
    model: str | None = None
    device: str = "cpu"
    head: str | None = None
    record: str | None = None
    screenshot: str | None = None
    display: int | None = None
    spawned: float = 0.0


def main(task: AppTask) -> dict[str, Any]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task.threads])
    from expnet_live.app.launch import Launch, run_app

    # Leave the user's settings and pictures alone, and measure the window of a first start.
    _settings_in(task.folder)
    threads = set(threading.enumerate())
    probe = Probe(task)
    record = None if task.record is None else Path(task.record)
    launch = Launch(source=task.video, model=task.model, device=task.device, record=record, head=task.head)
    status = run_app(launch, opened=probe.attach)
    closed = time.monotonic() - probe.closing
    if status or probe.problem:
        raise RuntimeError(probe.problem or f"the window ended with status {status}")
    report = probe.report()
    report["close_s"] = closed
    report["left"] = _left(threads)
    return report


def _settings_in(folder: str) -> None:
    from PySide6.QtCore import QSettings

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)


def _left(before: set[threading.Thread]) -> list[str]:
    """Threads and timers that outlive the window."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    for thread in set(threading.enumerate()) - before:
        thread.join(0.5)
    left = [f"thread {t.name}" for t in set(threading.enumerate()) - before]
    owners = [QApplication.instance(), *QApplication.topLevelWidgets()]
    timers = [t for o in owners if o is not None for t in o.findChildren(QTimer) if t.isActive()]
    return left + [f"timer of {t.parent()}" for t in timers]


class Probe:
    """Watches a window with a timer on its GUI thread, and closes it at the end."""

    def __init__(self, task: AppTask) -> None:
        self._task = task
        self.problem = ""
        self.closing = 0.0
        self._memory: list[tuple[float, float]] = []
        self._report: dict[str, Any] = {}

    def attach(self, window: MainWindow) -> None:
        """Call this when the window is shown, before events are handled."""
        from PySide6.QtCore import QTimer

        self._window = window
        self._opened = time.monotonic()
        # From here on, stalls count, including the first paintings.
        window.heartbeat.beat(self._opened, time.thread_time())
        self._begun: float | None = None
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._look)
        self._timer.start(50)

    def _look(self) -> None:
        now, window = time.monotonic(), self._window
        first = window.presenter.first_face
        if first is None:
            if now - self._opened > _PATIENCE:
                self._end("no face was shown within a minute")
            return
        if not self._report:
            self._report = {"first_face_s": time.time() - self._task.spawned, "window_s": self._spent(self._opened)}
            self._warm = now + self._task.warm_up
        if self._begun is None:
            if now >= self._warm:
                self._begin(now)
            return
        if now - self._memory[-1][0] >= _SAMPLE:
            self._sample(now)
        if now - self._begun >= self._task.seconds:
            self._finish(now)

    def _spent(self, moment: float) -> float:
        """Seconds from the request for this process to a moment of time.monotonic."""
        return time.time() - self._task.spawned - (time.monotonic() - moment)

    def _begin(self, now: float) -> None:
        from expnet_live.app.state.statistics import Statistics

        window = self._window
        self._report["start_hold_ms"] = 1e3 * window.heartbeat.longest
        self._report["start_hold_cpu_ms"] = 1e3 * window.heartbeat.longest_cpu
        window.heartbeat.reset()
        window.controller.statistics = Statistics(n=200_000)
        self._begun = now
        self._counts, self._threads, self._display = self._count(), thread_seconds(), self._server()
        self._sample(now)

    def _count(self) -> tuple[int, int]:
        engine = self._window.controller.engine
        return engine.frames, engine.states

    def _server(self) -> float:
        return process_seconds(self._task.display) if self._task.display else 0.0

    def _sample(self, now: float) -> None:
        self._memory.append((now, resident_mb()))

    def _finish(self, now: float) -> None:
        assert self._begun is not None
        window, spent = self._window, now - self._begun
        statistics, heartbeat = window.controller.statistics, window.heartbeat
        frames, states = (b - a for a, b in zip(self._counts, self._count(), strict=True))
        shown = max(statistics.shown, 1)
        cpu = {k: v - self._threads.get(k, 0.0) for k, v in thread_seconds().items()}
        if self._task.display:
            cpu["display's server"] = self._server() - self._display
        self._sample(now)
        self._report |= {
            "seconds": spent,
            "captured_fps": frames / spent,
            "processed_fps": states / spent,
            "shown_fps": statistics.shown / spent,
            "latency_median_ms": 1e3 * statistics.latency(),
            "latency_p95_ms": 1e3 * statistics.latency(95),
            "stages_ms": {k: 1e3 * v for k, v in statistics.stages().items()},
            "hold_ms": 1e3 * heartbeat.longest,
            "hold_cpu_ms": 1e3 * heartbeat.longest_cpu,
            "cpu_ms_per_frame": {k: 1e3 * v / shown for k, v in sorted(cpu.items(), key=lambda i: -i[1]) if v > 0},
            "cpu_ms_per_s": 1e3 * sum(cpu.values()) / spent,
            "memory_mb": self._memory[-1][1],
            "growth_mb": max(m for _, m in self._memory) - self._memory[0][1],
            "renderer": window.parts.head.renderer,
        }
        if self._task.screenshot:
            window.grab().save(self._task.screenshot)
        self._end()

    def _end(self, problem: str = "") -> None:
        self.problem = problem
        self._timer.stop()
        self.closing = time.monotonic()
        self._window.close()

    def report(self) -> dict[str, Any]:
        return self._report


if __name__ == "__main__":
    print(json.dumps(main(AppTask(**json.loads(sys.argv[1])))))
