"""Start-up and memory of a fresh process, by `python -m expnet_live.research.evaluation.speed.bench_process TASK`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

# Before any other import, because imports are part of the measurement.
_STARTED = time.time()
_FRAMES = 30


@dataclass(frozen=True)
class Task:
    """Run the pipeline (expnet) or mediapipe's Face Mesh (mesh) on the first frames of `video`, on the CPU.

    `size`: width and height to which frames are scaled; `spawned`: when the process was started.
    """

    way: str
    video: str
    size: tuple[int, int] | None = None
    model: str | None = None
    spawned: float = 0.0


def measure(task: Task, repeats: int = 3) -> dict[str, float]:
    """Seconds until the first result and of its parts, and peak memory in MB, of the fastest of some fresh processes.

    Raises RuntimeError if a process fails.
    """
    runs = []
    for _ in range(repeats):
        text = json.dumps(asdict(replace(task, spawned=time.time())))
        done = subprocess.run(
            [sys.executable, "-m", __name__, text],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "Error" in line]
            raise RuntimeError(f"The start-up could not be measured: {' '.join(errors[-1:])}")
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    best: dict[str, float] = min(runs, key=lambda r: r["first_result_s"])
    return best


def _run(task: Task) -> dict[str, float]:
    import cv2

    from expnet_live.capture.sources import open_source

    imported, look = _pipeline(task) if task.way == "expnet" else _mesh()
    loaded = time.time()
    first = 0.0
    with open_source(task.video) as source:
        for frame in source:
            look(replace(frame, image=cv2.resize(frame.image, task.size)) if task.size else frame)
            first = first or time.time()
            if frame.index >= _FRAMES:
                break
    return {
        "first_result_s": first - task.spawned,
        "interpreter_s": _STARTED - task.spawned,
        "imports_s": imported - _STARTED,
        "load_s": loaded - imported,
        "first_frame_s": first - loaded,
        "peak_memory_mb": _peak_memory_mb(),
    }


def _pipeline(task: Task) -> tuple[float, Callable[..., object]]:
    import expnet_live.networks.predictor  # noqa: F401
    from expnet_live.pipeline.pipeline import Pipeline

    imported = time.time()
    pipeline = Pipeline.load(task.model, device="cpu")
    return imported, lambda frame: [pipeline.mesh(s) for s in pipeline.process(frame)]


def _mesh() -> tuple[float, Callable[..., object]]:
    import cv2

    from expnet_live.core.light_mediapipe import light_mediapipe

    with light_mediapipe():
        import mediapipe  # noqa: F401

    from expnet_live.pipeline.face_mesh import FaceMesh

    imported = time.time()
    mesh = FaceMesh(video=True)
    return imported, lambda frame: mesh.find(cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB))


def _peak_memory_mb() -> float:
    from expnet_live.core.machine import memory

    if (peak := memory("VmHWM")) is not None:
        return peak / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    values["size"] = tuple(values["size"]) if values["size"] else None
    print(json.dumps(_run(Task(**values))))
