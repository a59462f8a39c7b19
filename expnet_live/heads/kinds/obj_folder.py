"""A neutral face and its blendshapes as OBJ files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.heads.importing.raw import Raw


class ObjFolder:
    """The ICT Face Model Light, or any neutral face with shapes of one mesh."""

    name = "blendshapes"
    about = "a folder of .obj files (the ICT Face Model Light, or neutral.obj and shapes)"

    def reads(self, source: Path) -> bool:
        return source.is_dir()

    def read(self, source: Path) -> tuple[Raw, list[Path]]:
        from expnet_live.heads.importing.blendshapes import read_folder

        return read_folder(source)


HEAD = ObjFolder()
