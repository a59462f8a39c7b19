"""What formats have in common: tables of all rows, and folders with a mesh for each moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class TableFile(Format):
    """All rows in one file, of the kind that the format's name says."""

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.tables import write_table

        n = len(excerpt.rows)
        names = excerpt.session.info.coefficients
        write_table(self.name, path, excerpt.rows, names, excerpt.steps(n), excerpt.labels())
        return Written(n)


class MeshFolder(Format):
    """One mesh per moment, in files with the format's name as their suffix."""

    about = "a folder with a mesh for each moment"
    details = (
        "a folder with a mesh in mm for each moment, and `frames.csv` with their times; named by frame number, or "
        "numbered from 0 with `--fps`"
    )
    opens_in = "Blender: *File, Import*; a sequence with an add-on such as Stop-motion-OBJ"
    takes = frozenset({"fps", "neutral", "gains", "pose", "head"})
    one_face, straight = True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.meshes import write_meshes

        return write_meshes(excerpt, path, f".{self.name}")
