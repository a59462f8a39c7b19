"""How far something is that takes a while."""

from __future__ import annotations

from collections.abc import Callable

# Told how many of how many steps are done; it may raise, which ends what it watches.
Progress = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """The progress that nobody looks at."""
