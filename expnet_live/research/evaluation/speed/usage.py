"""Resources of this process: CPU seconds by thread, and memory; systems other than Linux reveal less."""

from __future__ import annotations

import threading
from pathlib import Path

from expnet_live.core.machine import memory

_KINDS = {"llvmpipe": "software GL", "python": "network's helpers", "pt_main_thread": "network's helpers"}


def thread_seconds() -> dict[str, float]:
    """CPU seconds so far by kind of thread: ours by name, those of libraries by purpose."""
    ours = {t.native_id: t.name for t in threading.enumerate()}
    seconds: dict[str, float] = {}
    for task in Path("/proc/self/task").glob("*"):
        try:
            spent = float((task / "schedstat").read_text().split()[0]) / 1e9
            name = (task / "comm").read_text().strip()
        except OSError:
            continue  # it ended
        kind = ours.get(int(task.name)) or next((k for n, k in _KINDS.items() if name.startswith(n)), name)
        seconds[kind] = seconds.get(kind, 0.0) + spent
    return seconds


def process_seconds(pid: int) -> float:
    """CPU seconds of another process so far, or 0 if unknown."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            total += float((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            continue
    return total


def resident_mb() -> float:
    """Current memory of this process, NaN if unknown."""
    found = memory("VmRSS")
    return float("nan") if found is None else found / 2**20
