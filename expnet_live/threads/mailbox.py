"""A one-slot mailbox between two threads."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds only the newest item: replacing an item that nobody took counts it as dropped."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self._put = self._dropped = 0

    @property
    def put_count(self) -> int:
        return self._put

    @property
    def dropped(self) -> int:
        return self._dropped

    def put(self, item: T) -> None:
        """Put an item without waiting; after `close`, do nothing."""
        with self._condition:
            if self._closed:
                return
            self._put += 1
            self._dropped += self._item is not None
            self._item = item
            self._condition.notify()

    def take(self, timeout: float = 0.0) -> T | None:
        """Take the newest item, waiting up to `timeout` seconds; None if there is none or the box is closed."""
        with self._condition:
            if self._item is None and timeout > 0:
                self._condition.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            return item

    def clear(self) -> None:
        """Discard the item without counting it, because it belongs to a previous source."""
        with self._condition:
            self._item = None

    def close(self) -> None:
        """Wake the waiting thread, and accept no more items."""
        with self._condition:
            self._closed, self._item = True, None
            self._condition.notify_all()
