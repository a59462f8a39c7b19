"""A mailbox between two threads, which never makes the sender wait."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds only the newest item, or the newest few: an item that nobody took in time is dropped and counted.

    >>> box = Mailbox[str](2)
    >>> for item in "abc":
    ...     box.put(item)
    >>> box.take(), box.take(), box.take(), box.dropped
    ('b', 'c', None, 1)
    """

    def __init__(self, most: int = 1) -> None:
        self._condition = threading.Condition()
        self._items: deque[T] = deque(maxlen=most)
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
            self._dropped += len(self._items) == self._items.maxlen
            self._items.append(item)
            self._condition.notify()

    def take(self, timeout: float = 0.0) -> T | None:
        """Take the oldest item, waiting up to `timeout` seconds; None if there is none or the box is closed."""
        with self._condition:
            if not self._items and timeout > 0:
                self._condition.wait_for(lambda: bool(self._items) or self._closed, timeout)
            return self._items.popleft() if self._items else None

    def skip(self) -> None:
        """Drop all items but the newest."""
        with self._condition:
            self._dropped += max(0, len(self._items) - 1)
            while len(self._items) > 1:
                self._items.popleft()

    def clear(self) -> None:
        """Discard all items without counting them, because they belong to a previous source."""
        with self._condition:
            self._items.clear()

    def close(self) -> None:
        """Wake the waiting thread, and accept no more items."""
        with self._condition:
            self._closed = True
            self._items.clear()
            self._condition.notify_all()
