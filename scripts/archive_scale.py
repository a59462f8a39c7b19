"""What many workers cost the scheduler and the manifest of 'expnet-live archive': a simulation.

    .venv/bin/python scripts/archive_scale.py 10 100

The scheduler and the program that hands tasks out are the real ones; the workers are Dask's own, in one process, and
their tasks do nothing. It prints the CPU time of the scheduler and of the program, so it may run on a busy computer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from distributed import Client, Worker

from expnet_live.analysis.inputs import Kind
from expnet_live.archive import run
from expnet_live.archive.inputs import Input
from expnet_live.archive.manifest import JOURNAL, Manifest
from expnet_live.archive.records import Step, Usage
from expnet_live.archive.settings import Settings
from expnet_live.archive.tasks import outcome_of

PATIENCE = 600  # s
IDLE = 10.0  # s


def nothing(one: Input, part: int, settings: Settings, out: Path) -> Step:
    """A task like that of a short video, which takes no time."""
    outcome = outcome_of(one, settings, sha256="0" * 64, file=one.file, frames=1800, with_face=1800)
    return Step(part, 1, 1800, Usage(0.0, 0), (outcome,))


async def work(address: str, workers: int) -> None:
    """Be so many workers, until the program is ended."""
    for _ in range(workers):
        await Worker(address, nthreads=1, memory_limit=0, dashboard=False, silence_logs=logging.ERROR)
    await asyncio.Event().wait()


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The address of a scheduler with so many workers, and its process."""
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    command += ["--no-dashboard", "--scheduler-file", str(file)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as scheduler:
        while not file.exists() or not file.read_text().endswith("}"):
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        there = [sys.executable, __file__, "--work", address, str(workers)]
        with subprocess.Popen(there, stderr=subprocess.DEVNULL) as process:
            try:
                with Client(address, timeout=PATIENCE, set_as_default=False) as client:
                    client.wait_for_workers(workers, timeout=PATIENCE)
                yield address, psutil.Process(scheduler.pid)
            finally:
                process.terminate()
                scheduler.terminate()


def simulate(workers: int, tasks: int) -> None:
    with tempfile.TemporaryDirectory() as text, cluster(workers, out := Path(text)) as (address, scheduler):
        names = [f"/data/{i // 100:04}/{i:06}.mp4" for i in range(tasks)]
        inputs = [Input(Kind.VIDEO, name, name, 10_000_000, "1700000000000000000") for name in names]
        before = used(scheduler)
        time.sleep(IDLE)
        idle = (used(scheduler) - before) / IDLE
        with Manifest(out) as manifest:
            desk = run._Desk(manifest, Settings(), out, report := run.Report())
            before, own = used(scheduler), time.process_time()
            desk.work(inputs, address, lambda line: None)
            own = time.process_time() - own
            busy = used(scheduler) - before - idle * report.seconds
        journal, started = (out / JOURNAL).stat().st_size, time.process_time()
        with Manifest(out) as manifest:
            manifest.publish()
        print(
            f"{workers} workers, {report.read} tasks. Scheduler: {1e3 * busy / tasks:.2f} ms of CPU for each task, and "
            f"{100 * idle:.1f} % of a core to keep the workers, {scheduler.memory_info().rss / 2**20:.0f} MB. Program: "
            f"{1e3 * own / tasks:.2f} ms for each. Journal: {journal / tasks:.0f} bytes for each, "
            f"{1e6 * (time.process_time() - started) / tasks:.0f} us to read it again and to write inputs.parquet.",
            flush=True,
        )


def used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workers", nargs="*", type=int, default=[10, 100])
    parser.add_argument("--tasks", type=int, default=2000, help="tasks for each number of workers (default: 2000)")
    parser.add_argument("--work", metavar="ADDRESS", help=argparse.SUPPRESS)
    args = parser.parse_args()
    logging.getLogger("distributed").setLevel(logging.ERROR)
    if args.work:
        asyncio.run(work(args.work, args.workers[0]))
        return
    setattr(run, "read_video", nothing)  # noqa: B010  else mypy takes it for one of that module
    for workers in args.workers:
        simulate(workers, args.tasks)


if __name__ == "__main__":
    main()
