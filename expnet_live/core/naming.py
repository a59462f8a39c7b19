"""Names in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def few(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many others there are.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 others'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} other{'s' * (more > 1)}" if more > 0 else "")
