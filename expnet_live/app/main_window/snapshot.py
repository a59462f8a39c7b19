"""Saves a snapshot: pictures of source, head and views, the coefficients, and the current heads, in a new folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QImage

from expnet_live.app import texts
from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.core.naming import numbered
from expnet_live.heads.dressing import Haired
from expnet_live.heads.tone import toned
from expnet_live.live.state import LiveFace
from expnet_live.meshes.files import write_mesh
from expnet_live.sessions.format.folder import STAMP, TABLE
from expnet_live.sessions.format.table import Layout


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
        """Write PNG, CSV and JSON, PLY and OBJ of each head, and GLB with its hair; return the new folder in `folder`.

        It uses no widget and may run on any thread. Raises UserError if writing fails.
        """
        try:
            out = _new_folder(folder)
            for name, picture in self.pictures.items():
                if not picture.save(str(out / f"{name}.png")):
                    raise OSError("no space, or no permission")
            if self.faces:
                self._save_values(out)
            self._save_meshes(out)
        except OSError as e:
            raise UserError(texts.SNAPSHOT_FAILED.format(folder=folder, reason=e.strerror or e)) from e
        return out

    def _save_values(self, out: Path) -> None:
        """The values that the views show, without the person's neutral; the CSV has the columns of `analyze`."""
        faces = [
            replace(f.state, expression=f.expression, identity=f.identity, blendshapes=f.blendshapes)
            for f in self.faces
        ]
        head, first = self.faces[0].head, faces[0]
        layout = Layout(head.names, head.n_identity, first.blendshapes is not None, raw=False)
        rows = layout.rows(first.frame, None, first.timestamp, faces)
        (out / TABLE).write_bytes(layout.header() + b"".join(rows))
        document = [
            {
                "face": s.face,
                "confidence": _number(s.confidence),
                "rotation_rad": _numbers(s.pose.rotation),
                "translation_mm": _numbers(s.pose.translation),
                "gaze_rad": None if s.gaze is None else [_numbers(eye) for eye in s.gaze],
                "expression_sd": dict(zip(head.names, _numbers(s.expression), strict=True)),
                "blendshapes": None
                if s.blendshapes is None
                else dict(zip(ARKIT, _numbers(s.blendshapes), strict=True)),
                "identity_sd": _numbers(s.identity),
            }
            for s in faces
        ]
        (out / "coefficients.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    def _save_meshes(self, out: Path) -> None:
        for i, face in enumerate(self.faces, 1):
            head = toned(face.head, face.skin)
            name = f"head{i if i > 1 else ''}"
            for suffix in (".ply", ".obj"):
                write_mesh(
                    out / (name + suffix), face.vertices, head.triangles, normals=face.normals, colors=head.colors
                )
            haired = Haired.of(head)
            vertices, normals = haired.mesh(face.vertices, face.normals)
            write_mesh(out / f"{name}.glb", vertices, haired.triangles, normals=normals, colors=haired.colors)


def _number(value: float) -> float:
    return round(float(value), 5)


def _numbers(values: Iterable[float]) -> list[float]:
    return [_number(v) for v in values]


def _new_folder(parent: Path) -> Path:
    """Create a folder named by the time; further ones of the same second get a number."""
    for out in map(parent.joinpath, numbered(time.strftime(STAMP))):
        try:
            out.mkdir(parents=True)
        except FileExistsError:
            if not out.is_dir():
                raise
        else:
            return out
    raise AssertionError("there is always another number")
