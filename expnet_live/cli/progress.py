"""A progress bar for tasks that report how many of how many steps are done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from expnet_live.core.progress import Progress


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar if there is a terminal, and remove it afterwards."""
    from tqdm import tqdm

    with tqdm(total=0, disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
