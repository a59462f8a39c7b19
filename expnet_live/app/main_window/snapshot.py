"""Saves a snapshot: pictures of the views and the current heads, in a new folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QImage

from expnet_live.app import texts
from expnet_live.core.errors import UserError
from expnet_live.live.state import LiveFace
from expnet_live.meshes.files import write_mesh

MESHES = (".ply", ".obj", ".glb")


def snapshot_folder() -> Path:
    """The folder for snapshots, inside the user's pictures folder."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(pictures or Path.home()) / texts.APP


@dataclass(frozen=True)
class Snapshot:
    """`pictures` by file name; `faces` as shown, in the model's own frame, without pose."""

    pictures: dict[str, QImage]
    faces: tuple[LiveFace, ...]

    def save(self, folder: Path) -> Path:
        """Write PNG, and PLY, OBJ and GLB of each head. Return the new folder below `folder`.

        It uses no widget and may run on any thread. Raises UserError if writing fails.
        """
        try:
            out = _new_folder(folder)
            for name, picture in self.pictures.items():
                if not picture.save(str(out / f"{name}.png")):
                    raise OSError("no space, or no permission")
            self._save_meshes(out)
        except OSError as e:
            raise UserError(texts.SNAPSHOT_FAILED.format(folder=folder, reason=e.strerror or e)) from e
        return out

    def _save_meshes(self, out: Path) -> None:
        for i, face in enumerate(self.faces, 1):
            for suffix in MESHES:
                path = out / f"head{i if i > 1 else ''}{suffix}"
                head = face.head
                write_mesh(path, face.vertices, head.triangles, normals=face.normals, colors=head.colors)


def _new_folder(parent: Path) -> Path:
    """Create a folder named by the time; further ones of the same second get a number."""
    name = time.strftime("%Y-%m-%d %H-%M-%S")
    for i in range(1, 100):
        out = parent / (name if i == 1 else f"{name} {i}")
        try:
            out.mkdir(parents=True)
        except FileExistsError:
            if not out.is_dir():
                raise
            continue
        return out
    raise OSError("too many snapshots in one second")
