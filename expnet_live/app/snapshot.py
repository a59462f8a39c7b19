"""A snapshot: pictures of the views and the head of this instant, in a folder of their own."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QImage

from expnet_live.app import texts
from expnet_live.errors import UserError
from expnet_live.geometry.mesh_io import write_mesh
from expnet_live.types import Array


def snapshot_folder() -> Path:
    """Where snapshots go: a folder of the user's pictures."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(pictures or Path.home()) / texts.APP


def save_snapshot(
    pictures: dict[str, QImage], mesh: tuple[Array, Array] | None, triangles: Array, colors: Array, folder: Path
) -> Path:
    """Writes `pictures` as PNG and the mesh (vertices, normals) as PLY and OBJ; returns the new folder.

    Raises UserError when it cannot be written.
    """
    out = folder / time.strftime("%Y-%m-%d %H-%M-%S")
    try:
        for i in range(2, 100):
            if not out.exists():
                break
            out = out.with_name(f"{time.strftime('%Y-%m-%d %H-%M-%S')} {i}")
        out.mkdir(parents=True)
        for name, picture in pictures.items():
            if not picture.save(str(out / f"{name}.png")):
                raise OSError("no space, or no permission")
        if mesh is not None:
            for suffix in (".ply", ".obj"):
                write_mesh(out / f"head{suffix}", mesh[0], triangles, normals=mesh[1], colors=colors)
    except OSError as e:
        raise UserError(texts.SNAPSHOT_FAILED.format(folder=folder, reason=e.strerror or e)) from e
    return out
