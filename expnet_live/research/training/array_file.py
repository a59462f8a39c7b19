"""Dataclasses of arrays stored in one .npz file, and pictures in one .npy file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np

from expnet_live.core.arrays import UNREADABLE
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.types import Image


@dataclass
class ArrayFile:
    """Base of dataclasses all of whose fields are arrays."""

    def save(self, path: Path) -> None:
        """Write `path`, and the folders above it. Raises UserError."""
        with whole(path) as partial, partial.open("wb") as f:
            np.savez(f, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `path`. Raises UserError if it contains something else."""
        try:
            with path.open("rb") as f, np.load(f, allow_pickle=False) as z:
                return cls(**{field.name: z[field.name] for field in fields(cls)})
        except UNREADABLE as e:
            raise UserError(
                f"{path} does not contain a {cls.__name__}; remove it, or choose another file, and run again."
            ) from e


class PictureFile:
    """The pictures (N, H, W, 3) of a .npy file, which stay on disk.

    Other processes get the path, not the pictures: without fork, as on Windows, macOS and with Python 3.14, each of
    them would otherwise be sent a copy of all.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._pictures = path, np.load(path, mmap_mode="r")

    def __reduce__(self) -> tuple[type[PictureFile], tuple[Path]]:
        return PictureFile, (self._path,)

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, i: int) -> Image:
        return np.asarray(self._pictures[i])
