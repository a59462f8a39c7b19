"""Keeps the chatter of libraries out of what the user reads, and their idle threads off the processor."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps


class Sentences(logging.Handler):
    """Writes our own warnings to standard error, wherever it leads by then, each on one line and once.

    Records with a traceback are for --verbose and the window's log file: their user gets a sentence elsewhere.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.addFilter(logging.Filter("expnet_live"))
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        sentence = record.getMessage()
        if record.exc_info is None and sentence not in self.said and sys.stderr is not None:
            self.said.add(sentence)
            # Who warns must go on where nobody reads: in a terminal that is closed, or a pipe.
            with suppress(OSError, ValueError):
                tqdm.write(f"expnet-live: {sentence}", file=sys.stderr)  # above a progress bar


@contextmanager
def quiet_native() -> Iterator[None]:
    """Let only Python write to standard error.

    TensorFlow Lite and FFmpeg write lines there that no setting silences, and garble the progress bar.
    faulthandler still reports a crash in native code.
    """
    if sys.stderr is not sys.__stderr__ or sys.stderr is None:
        yield  # Something else, such as a test, already captures it.
        return
    native = sys.stderr.fileno()
    sys.stderr.flush()
    ours = os.fdopen(os.dup(native), "w", buffering=1, errors="backslashreplace")
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123
        before, sys.stderr = sys.stderr, ours
        os.dup2(nothing.fileno(), native)
    faulthandler.enable(ours)
    try:
        yield
    finally:
        faulthandler.disable()
        os.dup2(ours.fileno(), native)
        sys.stderr = before
        with suppress(OSError):  # nobody reads any more
            ours.close()


def quietly(run: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Wrap a command so that it runs under `quiet_native`, unless --verbose is given.

    The threads of numpy's BLAS and of OpenCV wait for work by spinning, which costs more than they save on single
    frames. The libraries read these settings when they are loaded.
    """

    @wraps(run)
    def quiet(args: Namespace) -> int:
        for name in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
            os.environ.setdefault(name, "1")
        if args.verbose:
            return run(args)
        with quiet_native():
            return run(args)

    return quiet
