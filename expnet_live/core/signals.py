"""Clean termination of commands by a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

ENDING = ("SIGTERM", "SIGHUP")  # the end of the user's session, and a terminal that is closed; Windows has no SIGHUP
_ended = threading.Event()  # that of a terminal comes twice, from itself and from its shell


@contextmanager
def on_signals(names: Sequence[str], handle: Callable[[int, object], None]) -> Iterator[None]:
    """Call `handle` at these signals, except those that are ignored, such as SIGHUP after nohup."""
    before = {number: signal.getsignal(number) for number in _there(names)}
    handled = {n: handler for n, handler in before.items() if handler is not signal.SIG_IGN}
    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Let Ctrl-C, and whatever else ends a program, set an event, for what then ends and is kept. A second Ctrl-C
    aborts."""
    stop = threading.Event()

    def handle(number: int, frame: object) -> None:
        if number != signal.SIGINT:
            _ended.set()
        elif stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with on_signals(("SIGINT", *ENDING), handle):
        yield stop


def ignore(names: Sequence[str]) -> None:
    """Let the process that has started this one decide what these signals mean."""
    for number in _there(names):
        signal.signal(number, signal.SIG_IGN)


def start_tracker() -> None:
    """Start the process in which multiprocessing notes what its processes share, deaf to a terminal that is closed.

    It ignores Ctrl-C and SIGTERM by itself, but SIGHUP would end it before the others, which then complain. Windows has
    no such process.
    """
    if hasattr(signal, "SIGHUP"):
        from multiprocessing import resource_tracker

        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # a started process keeps what is blocked
        try:
            resource_tracker.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_stops(worker: int) -> None:
    """`ignore` whatever ends a program, in a `worker` of torch."""
    ignore(("SIGINT", *ENDING))


def _there(names: Sequence[str]) -> list[signal.Signals]:
    """Those of the signals that this system has."""
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextmanager
def terminable() -> Iterator[None]:
    """Make SIGTERM, and a terminal that is closed, clean up like Ctrl-C instead of killing the process, and let no
    further one disturb that."""

    def handle(number: int, frame: object) -> None:
        if not _ended.is_set():
            _ended.set()
            raise KeyboardInterrupt

    _ended.clear()
    with on_signals(ENDING, handle):
        yield
