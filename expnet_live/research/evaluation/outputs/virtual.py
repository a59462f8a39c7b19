"""A virtual camera that only logs, so that no device is needed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from expnet_live.core.types import Array
from expnet_live.research.evaluation.outputs.numbers import number_in
from expnet_live.research.evaluation.outputs.receivers import Log


@contextmanager
def logging_camera(log: Log) -> Iterator[bool]:
    """Take the place of pyvirtualcam's devices; False if it is not installed."""
    try:
        import pyvirtualcam
        from pyvirtualcam.camera import BACKENDS
    except ImportError:
        yield False
        return

    class Device:
        def __init__(self, *, width: int, height: int, **_: Any) -> None:
            self._shape = height, width, 3

        def send(self, frame: Array) -> None:
            log.add(number_in(frame.reshape(self._shape)), time.monotonic())

        def close(self) -> None: ...

        def device(self) -> str:
            return "a log"

        def native_fourcc(self) -> None:
            return None

    before = dict(BACKENDS)
    BACKENDS.clear()
    pyvirtualcam.register_backend("log", Device)
    try:
        yield True
    finally:
        BACKENDS.clear()
        BACKENDS.update(before)
