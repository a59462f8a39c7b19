"""A preload of Dask's workers that ends the process when a picture called deadly.png is read."""

from __future__ import annotations

import os
from pathlib import Path

from expnet_live.archive import tasks
from expnet_live.core.types import Image

read_image = tasks.read_image


def _read(path: Path) -> Image:
    if path.name == "deadly.png":
        os._exit(1)
    return read_image(path)


def dask_setup(worker: object) -> None:
    tasks.read_image = _read
