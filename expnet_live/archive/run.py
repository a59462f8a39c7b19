"""A whole run of `expnet-live archive`: hands tasks out to a cluster, and notes what came of them."""

from __future__ import annotations

import errno
import logging
import queue
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from expnet_live.analysis.inputs import Kind, skipped
from expnet_live.analysis.protocol import versions
from expnet_live.archive.cluster import check_cluster, client_of
from expnet_live.archive.inputs import Input, list_inputs
from expnet_live.archive.manifest import Manifest, Run, check_settings
from expnet_live.archive.people import left_to_pool, named, pool_all, unclear
from expnet_live.archive.plan import Job, jobs_of, left_to_do
from expnet_live.archive.records import Outcome, Step
from expnet_live.archive.settings import Settings
from expnet_live.archive.tasks import FACES, WORK, outcome_of, read_photos, read_video, work_of
from expnet_live.core.errors import UserError
from expnet_live.core.signals import terminable
from expnet_live.sessions.format.folder import FolderLock

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

_LOCK = ".archiving"
_TRIES = 3
_REOPENED = 5  # times that the connection to the scheduler may be lost
_AHEAD = 2  # tasks per thread that wait at the scheduler: enough to keep it busy, and few for it to keep
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass
class Report:
    """What a run did: inputs in all, those done before, those read now, their pictures, s of reading, and problems.

    `memory`: the most that a worker's process has had, in bytes; `work`: s of all workers together.
    """

    inputs: int = 0
    before: int = 0
    read: int = 0
    pictures: int = 0
    with_face: int = 0
    seconds: float = 0.0
    work: float = 0.0
    memory: int = 0
    problems: list[str] = field(default_factory=list)


def archive(
    texts: Sequence[str],
    out: Path,
    settings: Settings,
    cluster: str = "local",
    people: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Read the inputs that `texts` mean into the data set `out`, on a cluster.

    What is in the data set already is not read again, unless it has changed. `people`: folder, or a list
    of persons, see `named`; without it, those whom an earlier run has named stay.
    Raises UserError if the data set has other settings or is in use, or if the cluster cannot be reached.
    """
    check_cluster(cluster)
    out = out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(out, _LOCK)
    except BlockingIOError as error:
        raise UserError(f"Another program is writing {out}; wait for it, or choose another folder.") from error
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); choose another folder with --out.") from error
    with lock, terminable():
        check_settings(out, settings, {"versions": versions()})
        left_out: list[Path] = []
        listed = list_inputs(texts, left_out.append)
        if sentence := skipped(left_out):
            say(f"expnet-live: {sentence}")
        with Manifest(out) as manifest:
            inputs = named(manifest.told_apart(listed), texts, people)
            if people is None:
                inputs = manifest.with_persons(inputs)
            for sentence in unclear(inputs, people) if people is not None else ():
                say(f"expnet-live: {sentence}")
            todo = left_to_do(inputs, manifest, out)
            report = Report(inputs=len(inputs), before=len(inputs) - len(todo))
            unreadable = [one for one in inputs if one.kind is Kind.UNREADABLE]
            report.before -= len(unreadable)
            manifest.add([Run(datetime.now().astimezone().isoformat(timespec="seconds"), versions())])
            desk = _Desk(manifest, settings, out, report)
            desk.note([outcome_of(one, settings) for one in unreadable])
            manifest.name_persons(inputs)
            try:
                if todo or left_to_pool(manifest, out):
                    desk.work(todo, cluster, say)
                # Parts of versions that are gone, and what tasks have left that were thought lost.
                shutil.rmtree(out / WORK, ignore_errors=True)
                for partial in (out / FACES).rglob(".*.tmp"):  # of a worker that was killed while it wrote
                    partial.unlink(missing_ok=True)
            finally:
                manifest.publish()
            return report


class _Desk:
    """Hands jobs out and takes steps in."""

    def __init__(self, manifest: Manifest, settings: Settings, out: Path, report: Report) -> None:
        self._manifest, self._settings, self._out, self._report = manifest, settings, out, report
        self._emptied: list[Path] = []  # folders of parts that are no longer needed once the manifest says so
        self._again: deque[Job] = deque()  # goes before new ones, so that few videos are begun
        self._suspects: deque[Job] = deque()  # jobs that may kill their workers run at the end, one by one
        self._running: dict[str, tuple[Job, Future[Step]]] = {}
        self._finished: queue.SimpleQueue[Future[Step]] = queue.SimpleQueue()

    def work(self, todo: Sequence[Input], cluster: str, say: Callable[[str], None]) -> None:
        """Read these inputs."""
        new = jobs_of(todo, self._manifest, self._settings, self._out)
        with tqdm(total=sum(one.size for one in todo), unit="B", unit_scale=True, disable=None) as bar:
            for left in reversed(range(_REOPENED + 1)):
                with client_of(cluster) as client:
                    say(f"{cluster}: {client.dashboard_link}")
                    started = time.monotonic()
                    try:
                        self._hand_out(client, new, bar)
                        with _connected(client):
                            pool_all(client, self._manifest, self._out)
                        break
                    except ConnectionError as error:
                        if not left:
                            raise UserError(
                                f"The scheduler of {cluster} is gone; run the same command again to go on."
                            ) from error
                        log.warning("The connection to the scheduler was lost; it is opened again.")
                    finally:
                        self._report.seconds += time.monotonic() - started
                self._again.extendleft(job for job, _ in self._running.values())
                self._running.clear()

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes into the manifest, and remove rows of versions that can no longer be read."""
        for outcome in outcomes:
            before = self._manifest.outcomes.get(outcome.spec)
            if before is not None and before.file and not outcome.file and before.kind == Kind.VIDEO.value:
                (self._out / FACES / before.file).unlink(missing_ok=True)
            if outcome.problem:
                self._report.problems.append(outcome.problem)
            for sentence in filter(None, (outcome.problem, outcome.remark)):
                tqdm.write(f"expnet-live: {sentence}", file=sys.stderr)
            self._report.read += bool(outcome.frames)
            self._report.pictures += outcome.frames
            self._report.with_face += outcome.with_face
        self._manifest.add(outcomes)

    def _hand_out(self, client: Client, new: Iterator[Job], bar: Any) -> None:
        """Work until nothing is left. Raises ConnectionError if the scheduler is lost."""
        threads, counted = 1, 0.0
        while True:
            if time.monotonic() - counted > 5:
                threads, counted = self._threads(client), time.monotonic()
            while len(self._running) < _AHEAD * max(threads, 1) and (job := self._next(new)) is not None:
                self._submit(client, job)
            if not self._running:
                if not self._suspects:
                    return
                self._submit(client, self._suspects.popleft())
            outcomes: list[Outcome] = []
            for future in self._done(client):
                outcomes += self._take(future, bar)
            self.note(outcomes)
            while self._emptied:
                shutil.rmtree(self._emptied.pop(), ignore_errors=True)

    @staticmethod
    def _threads(client: Client) -> int:
        with _connected(client):
            threads = sum(client.nthreads().values())
        return threads

    def _next(self, new: Iterator[Job]) -> Job | None:
        return self._again.popleft() if self._again else next(new, None)

    def _submit(self, client: Client, job: Job) -> None:
        shared = (self._settings, self._out)
        options = {"key": job.key, "pure": False, "priority": 1 if job.part else 0}
        self._again.appendleft(job)  # until it is handed out
        with _connected(client):
            if job.file:
                future = client.submit(read_photos, job.inputs, job.file, *shared, **options)
            else:
                future = client.submit(read_video, job.inputs[0], job.part, *shared, **options)
        self._again.popleft()
        self._running[job.key] = job, future
        future.add_done_callback(self._finished.put)

    def _done(self, client: Client) -> Iterator[Future[Step]]:
        """The futures that are done; waits for the first one. Raises ConnectionError if there can be none."""
        while True:
            try:
                yield self._finished.get(timeout=1.0)
                break
            except queue.Empty:
                if client.status == "closed":
                    raise ConnectionError("the client is closed") from None
        while not self._finished.empty():
            yield self._finished.get()

    def _take(self, future: Future[Step], bar: Any) -> Sequence[Outcome]:
        """What came of a job; one that failed goes back."""
        job, current = self._running.get(str(future.key)) or (None, None)
        if job is None or current is not future:
            return ()  # of an earlier connection
        del self._running[job.key]
        step = _fetched(future) if future.status == "finished" else None
        if step is not None:
            report = self._report
            report.work += step.usage.seconds
            report.memory = max(report.memory, step.usage.memory)
            bar.update(sum(one.size for one in job.inputs) // step.parts)
            if not step.outcomes:
                self._again.appendleft(replace(job, part=step.part).next_part())
            elif not job.file:
                self._emptied.append(work_of(job.inputs[0], self._settings, self._out))
            return step.outcomes
        if future.status != "error":  # the scheduler has forgotten it
            self._again.append(job.again())
            return ()
        return self._failed(job, future.exception())

    def _failed(self, job: Job, error: BaseException | None) -> Sequence[Outcome]:
        from distributed import KilledWorker

        if isinstance(error, UserError):
            raise error
        if isinstance(error, OSError) and error.errno in _FULL:
            raise UserError(
                f"The results cannot be written to {self._out} ({error.strerror}); free some space there, and run the "
                "same command again to go on."
            ) from error
        log.info("%s: %r", job.inputs[0].source, error)
        killed = isinstance(error, KilledWorker)
        if killed and not job.tries:
            self._again.append(job.again())
            return ()
        if killed and not job.alone:
            # All tasks that wait at a worker that dies are suspected, so each must show it alone.
            self._suspects.extend(job.apart(alone=True))
            return ()
        if not job.alone and job.tries + 1 < _TRIES:
            self._again.append(job.again())
            return ()
        if len(job.inputs) > 1:
            self._again.extend(job.apart())
            return ()
        one = job.inputs[0]
        problem = (
            f"Each process that read {one.source} was killed, perhaps because memory ran out; give workers more."
            if killed
            else f"{one.source} cannot be read ({error}); use -v for details. The other inputs continue."
        )
        return [outcome_of(one, self._settings, problem)]


def _fetched(future: Future[Step]) -> Step | None:
    """The result of a finished job, or None if the connection was lost on its way here: the job is done again then."""
    from distributed.client import FutureCancelledError

    try:
        return future.result()
    except FutureCancelledError:
        return None
    except OSError as error:
        if error.errno is not None:  # Dask's own have no number.
            raise
        return None


@contextmanager
def _connected(client: Client) -> Iterator[None]:
    """Raise ConnectionError for whatever Dask raises when the client has lost the scheduler."""
    try:
        yield
    except Exception as error:
        # Dask's own have no number, unlike those of a disk.
        if (isinstance(error, OSError) and error.errno is None) or client.status not in ("running", "connecting"):
            raise ConnectionError(str(error)) from error
        raise
