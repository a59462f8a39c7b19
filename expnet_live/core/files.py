"""Files and folders that appear under their name only when they are complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from expnet_live.core.errors import UserError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to make a file or folder under, which is given its own name at the end of the block.

    A file of that name is replaced, a folder is not. What is unfinished is removed. Raises UserError when the
    place cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    if path.is_dir():
        raise UserError(f"There is a folder {path} already; choose another name, or move it away.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); make room there, or choose another place."
        ) from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            with suppress(OSError):  # where there is no such folder, either
                partial.unlink()
