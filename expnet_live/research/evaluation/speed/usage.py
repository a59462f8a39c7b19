"""What this process uses: CPU seconds by thread, memory; Linux tells, elsewhere there is less to know."""

from __future__ import annotations

import threading
from pathlib import Path

_KINDS = {"llvmpipe": "software GL", "python": "network's helpers", "pt_main_thread": "network's helpers"}


def thread_seconds() -> dict[str, float]:
    """CPU seconds so far by kind of thread: ours by their names, those of libraries by what they are for."""
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
    """CPU seconds of another process so far; 0 where that cannot be told."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            total += float((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            continue
    return total


def resident_mb() -> float:
    """Memory that this process holds now, NaN where that cannot be told."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return float(line.split()[1]) / 2**10
