"""Lines that native libraries write straight to standard error, past Python and every setting of theirs."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# What TensorFlow Lite and absl's log say about their start. Errors (E) and what ends a program (F) stay.
_CHATTER = re.compile(
    rb"INFO: |WARNING: All log messages before absl::|WARNING: Logging before InitGoogle|[IW]\d{4}(\d{4})? \d\d:\d\d:"
)
_STDERR = 2
_one_at_a_time = threading.RLock()


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep such lines out of standard error; all others appear when the context ends."""
    with _one_at_a_time, tempfile.TemporaryFile() as caught:
        try:
            kept = os.dup(_STDERR)
        except OSError:  # a program without a terminal may have no standard error
            yield
            return
        _flush()
        os.dup2(caught.fileno(), _STDERR)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, _STDERR)
            os.close(kept)
            caught.seek(0)
            lines = [line for line in caught.read().splitlines(keepends=True) if not _CHATTER.match(line)]
            if lines:
                os.write(_STDERR, b"".join(lines))


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
