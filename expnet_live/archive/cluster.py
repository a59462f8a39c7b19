"""Opens the Dask cluster that `--cluster` names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.signals import start_tracker

if TYPE_CHECKING:
    from distributed import Client

# Names of dask-jobqueue's clusters, which their own files of settings describe (~/.config/dask/jobqueue.yaml).
QUEUES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "htcondor": "HTCondorCluster",
    "moab": "MoabCluster",
}
LOCAL = "local"
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+")
PATIENCE = 30  # s

Job = TypeVar("Job")
Result = TypeVar("Result")


def check_cluster(name: str) -> None:
    """Raise UserError if that names no cluster, or if Dask is missing."""
    kind, _, number = name.partition(":")
    if not _ADDRESS.fullmatch(name) and (kind not in {LOCAL, *QUEUES} or (number and not _count(number))):
        queues = ", ".join(f"{queue}:N" for queue in QUEUES)
        raise UserError(f"There is no cluster {name}; write local:N, tcp://HOST:8786, or one of {queues}.")
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UserError(f"Archives need Dask; install it: {install('distributed')}") from error


def each(name: str, work: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """What `work` gives for each of the jobs on the cluster `name`, in the order in which they are done.

    A job whose worker dies runs elsewhere, three times at most. Raises UserError like `client_of`, and what `work`
    raises.
    """
    check_cluster(name)
    from distributed import KilledWorker, as_completed

    with client_of(name, failures=2) as client:
        for future in as_completed(client.map(work, jobs, pure=False), loop=client.loop):
            try:
                yield future.result()
            except KilledWorker as error:
                raise UserError(
                    "Each process that had a certain part to do was killed, perhaps because memory ran out; give "
                    "workers more, and run the same command again."
                ) from error


@contextmanager
def client_of(name: str, failures: int = 0) -> Iterator[Client]:
    """A client of the cluster `name`, which lasts as long as the block, unless it is at an address.

    A task whose worker dies runs again as often as `failures`, if the scheduler starts here. An archive's desk tries
    again itself. Raises UserError if the cluster cannot be reached or started.
    """
    import dask
    from distributed import Client

    with ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": failures}))
        address = name if _ADDRESS.fullmatch(name) else stack.enter_context(_started(name))
        try:
            client = stack.enter_context(Client(address, timeout=PATIENCE, set_as_default=False))
        except (OSError, TimeoutError) as error:
            raise UserError(f"The scheduler at {address} does not answer; check that it runs, and the address.") from (
                error
            )
        yield client


@contextmanager
def _started(name: str) -> Iterator[Any]:
    kind, _, number = name.partition(":")
    if kind == LOCAL:
        from distributed import LocalCluster

        workers = int(number) if number else None
        start_tracker()
        with LocalCluster(
            n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster:
            yield cluster
        return
    try:
        import dask_jobqueue
    except ImportError as error:
        raise UserError(f"A cluster of {kind} needs dask-jobqueue; install it: {install('dask_jobqueue')}") from error
    try:
        opened = getattr(dask_jobqueue, QUEUES[kind])()
    except (ValueError, OSError) as error:
        what = str(error).partition("\n")[0].removesuffix(", for example:")  # an example in Python follows
        raise UserError(
            f"The cluster of {kind} cannot be started ({what}); describe its jobs in ~/.config/dask/jobqueue.yaml."
        ) from error
    with opened as cluster:
        cluster.scale(jobs=int(number) if number else 1)
        yield cluster


def _count(text: str) -> bool:
    return text.isdecimal() and int(text) > 0
