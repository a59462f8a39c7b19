"""Progress of tasks that take a while."""

from __future__ import annotations

from collections.abc import Callable

# Called with the steps done and the total; it may raise to cancel the task.
Progress = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """A progress callback that does nothing."""
