"""The Basel Face Model's own files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.heads.importing.raw import Raw


class Basel:
    """The Basel Face Model of 2017 or 2019."""

    name = "basel"
    about = "the Basel Face Model's .h5 file"

    def reads(self, source: Path) -> bool:
        return source.is_file() and source.suffix.lower() in (".h5", ".hdf5")

    def read(self, source: Path) -> tuple[Raw, list[Path]]:
        from expnet_live.heads.importing.bfm import read_bfm

        return read_bfm(source), [source]


HEAD = Basel()
