"""A whole run of `expnet-live analyze`: items one after the other or on several processes, then the results."""

from __future__ import annotations

import logging
import multiprocessing as mp
import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from tqdm import tqdm

from expnet_live.analysis.estimators import Estimator, load_estimator
from expnet_live.analysis.inputs import Item, Kind, list_items, skipped
from expnet_live.analysis.item import Done, analyze_item
from expnet_live.analysis.options import Options
from expnet_live.analysis.protocol import Reader, described, protocol_of
from expnet_live.analysis.rest import rest_of
from expnet_live.analysis.results import Earlier, Results
from expnet_live.core.files import checksum
from expnet_live.core.naming import counted, few, printable
from expnet_live.core.signals import ignore, start_tracker, terminable
from expnet_live.sessions.format.folder import TABLE

log = logging.getLogger(__name__)


def run_job(inputs: Sequence[str], options: Options, jobs: int = 1, earlier: Earlier = Earlier.KEEP) -> int:
    """Analyse `inputs` into `options.out`; 0 when all could be read, 1 when some could not, or not to their end.

    Raises UserError when the model cannot be loaded, the results not be written, or others are in their place.
    """
    started = datetime.now().astimezone()
    results = Results(options.out, earlier)
    left_out: list[Path] = []
    options = replace(options, marked=results.marked)
    before = results.sources()
    items = [_told_apart(item, before) for item in list_items(inputs, left_out.append, results.names())]
    if any(item.kind is Kind.CAMERA for item in items):
        jobs = 1
    jobs = min(jobs, len(items))
    with terminable(), results.staging() as staging:
        estimator = cache(lambda: load_estimator(options))
        options = replace(options, rest=rest_of(options.neutral, estimator))
        folders = [staging / str(i) for i in range(len(items))]
        with tqdm(total=len(items), unit="input" if jobs > 1 else "frame", disable=None) as bar:
            if jobs > 1:
                done, reader = _on_processes(items, folders, options, jobs, bar, results)
            else:
                done, reader = _in_turn(items, folders, options, bar, estimator(), results)
        read = [i for i, d in enumerate(done) if d.frames]
        if read and reader is not None:
            protocol = protocol_of(started, reader, options, items, done)
            results.publish([folders[i] for i in read], reader.header, staging, protocol)
    if sentence := skipped(left_out):
        print(f"expnet-live: {sentence}", file=sys.stderr)
    _name_repeated([items[i].source for i in read], before)
    _report(done, options.out)
    return 0 if not any(d.problem for d in done) else 1


def _told_apart(item: Item, before: Mapping[str, Collection[str]]) -> Item:
    """The item, with its whole path as its source if the table has another file of that name, as runs in different
    folders may name them."""
    if item.source not in before or item.kind in (Kind.CAMERA, Kind.UNREADABLE) or not Path(item.spec).is_file():
        return item
    with suppress(OSError):  # its reader says why
        if checksum(Path(item.spec)) not in before[item.source]:
            return replace(item, source=printable(str(Path(item.spec).absolute())))
    return item


def _in_turn(
    items: Sequence[Item], folders: Sequence[Path], options: Options, bar: Any, estimator: Estimator, results: Results
) -> tuple[list[Done], Reader]:
    reader = described(estimator, options)
    results.check_reader(reader)
    progress = _Bar(bar)
    done = []
    for item, folder in zip(items, folders, strict=True):
        done.append(analyze_item(item, folder, estimator, options, progress))
        _complain(done[-1], bar)
    return done, reader


class _Bar:
    """The bar counts every item with one frame from the start."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def expect(self, frames: int) -> None:
        if frames:
            self._bar.total += frames - 1
            self._bar.refresh()

    def step(self) -> None:
        self._bar.update()


# --- several processes --------------------------------------------------------------------------


_ENDED = "The process that read {} was killed, perhaps because memory ran out; use fewer --jobs."


class _StoppedError(BaseException):
    """The run was aborted elsewhere."""


class _Worker:
    """One process's estimator; `step` stops the work soon after the parent has set `stop`."""

    def __init__(self, options: Options, stop: Event) -> None:
        self.options = options
        self.estimator = load_estimator(options)
        self.reader = described(self.estimator, options)
        self._stop = stop

    def expect(self, frames: int) -> None:
        pass

    def step(self) -> None:
        if self._stop.is_set():
            raise _StoppedError


class _Warnings(logging.Handler):
    """Keeps the warnings of this process, whose standard error nobody reads, for the parent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is None:  # else the item has a sentence
            self._kept.append(record.getMessage())

    def take(self) -> list[str]:
        kept, self._kept = self._kept, []
        return kept


_worker: _Worker | None = None
_setup: tuple[Options, Event] | None = None
_warnings = _Warnings()


def _start_worker(options: Options, stop: Event, threads: int) -> None:
    global _setup
    # Ctrl-C, and the end of a terminal, reach every process of it; only the parent decides what to do.
    ignore(("SIGINT", "SIGHUP"))
    threading.Thread(target=_end_with_parent, name="watch of the parent", daemon=True).start()
    logging.getLogger("expnet_live").addHandler(_warnings)
    _limit_threads(threads)
    _setup = options, stop


def _end_with_parent() -> None:
    """A parent that is killed leaves its processes waiting for work, with their memory."""
    parent = mp.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(item: Item, folder: Path) -> tuple[Done, Reader, list[str]]:
    # Loaded here instead of in the initialiser, whose errors would only say that the pool is broken.
    global _worker
    assert _setup is not None
    if _worker is None:
        _worker = _Worker(*_setup)
    done = analyze_item(item, folder, _worker.estimator, _worker.options, _worker)
    return done, _worker.reader, _warnings.take()


def _limit_threads(threads: int) -> None:
    import cv2

    cv2.setNumThreads(threads)
    # For the network and torch, neither of which is loaded yet.
    os.environ["OMP_NUM_THREADS"] = str(threads)


def _on_processes(
    items: Sequence[Item], folders: Sequence[Path], options: Options, jobs: int, bar: Any, results: Results
) -> tuple[list[Done], Reader | None]:
    # torch and mediapipe run threads, which a forked process would not have.
    context = mp.get_context("spawn")
    start_tracker()
    stop = context.Event()
    done: dict[int, Done] = {}
    readers: list[Reader] = []

    def work(numbers: Sequence[int], jobs: int) -> None:
        threads = max(1, (os.cpu_count() or 1) // jobs)
        with ProcessPoolExecutor(jobs, context, _start_worker, (options, stop, threads)) as pool:
            futures = {pool.submit(_work, items[i], folders[i]): i for i in numbers}
            try:
                for future in as_completed(futures):
                    done[futures[future]], reader, warnings = future.result()
                    for sentence in warnings:
                        log.warning("%s", sentence)
                    results.check_reader(reader)
                    readers.append(reader)
                    _complain(done[futures[future]], bar)
                    bar.update()
            except BrokenProcessPool:
                raise
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    try:
        work(range(len(items)), jobs)
    except BrokenProcessPool:
        # One input may have crashed its process: run each of the others alone.
        for i in [i for i in range(len(items)) if i not in done]:
            shutil.rmtree(folders[i], ignore_errors=True)
            try:
                work([i], 1)
            except BrokenProcessPool:
                done[i] = Done(problem=_ENDED.format(items[i].source))
                _complain(done[i], bar)
    return [done[i] for i in range(len(items))], readers[0] if readers else None


# --- what the user reads ------------------------------------------------------------------------


def _complain(done: Done, bar: Any) -> None:
    for sentence in filter(None, (done.problem, done.remark)):
        bar.write(f"expnet-live: {sentence}", file=sys.stderr)


def _name_repeated(now: Sequence[str], before: Collection[str]) -> None:
    """Say which inputs have their rows in the table more than once."""
    repeated = [source for source, times in Counter(now).items() if times > 1 or source in before]
    if repeated:
        print(f"expnet-live: more than once in the table: {few(repeated)}; count their rows once.", file=sys.stderr)


def _report(done: Sequence[Done], out: Path) -> None:
    frames = sum(d.frames for d in done)
    if frames:
        skipped = sum(not d.frames for d in done)
        inputs = (f"{len(done) - skipped} of " if skipped else "") + counted(len(done), "input")
        print(f"{inputs}, {counted(frames, 'picture')}, {sum(d.with_face for d in done)} with a face: {out / TABLE}")
    else:
        print("expnet-live: no input could be read, so nothing was written.", file=sys.stderr)
