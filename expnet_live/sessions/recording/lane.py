"""A thread that processes items in order from a bounded queue."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


class Lane(Generic[T]):
    """The lane's thread calls `handle` with each item; an exception ends the lane, and is stored in `error`.

    It calls `close` at the end in any case. All methods except `finish` return at once.
    """

    def __init__(
        self, name: str, room: Callable[[int, T], bool], handle: Callable[[T], None], close: Callable[[], None]
    ) -> None:
        """`room` decides from the number of waiting items whether it accepts another one."""
        self.error: Exception | None = None
        self._room, self._handle, self._close = room, handle, close
        self._condition = threading.Condition()
        self._queue: deque[T] = deque()
        self._deadline: float | None = None
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def finishing(self) -> bool:
        """Whether `finish` was called."""
        return self._deadline is not None

    def offer(self, item: T) -> bool:
        """Queue an item, and return whether it was accepted; possible before the start, but not after the end."""
        with self._condition:
            if self.error is not None or self._deadline is not None or not self._room(len(self._queue), item):
                return False
            self._queue.append(item)
            self._condition.notify()
            return True

    def finish(self, patience: float, grace: float) -> bool:
        """Process waiting items for `patience` s at most, then close. Return False if this takes more than `grace` s
        longer.
        """
        with self._condition:
            self._deadline = time.monotonic() + patience
            self._condition.notify()
        if self._thread.ident is not None:
            self._thread.join(patience + grace)
        return not self._thread.is_alive()

    def _main(self) -> None:
        try:
            while (item := self._take()) is not None:
                self._handle(item)
        except Exception as error:
            log.info("%s: %s", self._thread.name, error)
            self.error = error
        finally:
            with self._condition:
                self._queue.clear()
            self._close()

    def _take(self) -> T | None:
        """The next item, or None if all are done or time is up."""
        with self._condition:
            self._condition.wait_for(lambda: self._queue or self._deadline is not None)
            late = self._deadline is not None and time.monotonic() > self._deadline
            return self._queue.popleft() if self._queue and not late else None
