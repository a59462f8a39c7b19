"""The imported heads, one file each in the user's data folder."""

from __future__ import annotations

import re
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.naming import is_device
from expnet_live.core.paths import data_folder, make_folder
from expnet_live.heads import face_model as built_in
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Head
from expnet_live.heads.imported import ImportedHead
from expnet_live.heads.kind import HEADS, importable
from expnet_live.heads.shapes import ShapeModel
from expnet_live.heads.transfer import Driver

_NAME = re.compile(r"\w[\w .-]{0,39}")
RESERVED = {built_in.NAME.casefold(), "official", "default"}


class Library:
    """The heads in `folder`, the user's own by default."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_folder() / "heads"

    def names(self) -> list[str]:
        return sorted((p.stem for p in self.folder.glob("*.npz") if not p.name.startswith(".")), key=str.casefold)

    def path_of(self, name: str) -> Path:
        """The file of a head. Raises UserError if there is no head of that name."""
        path = self.folder / f"{name}.npz"
        if not _NAME.fullmatch(name) or not path.is_file():
            there = ", ".join(self.names()) or "none"
            raise UserError(
                f"There is no head named {name} (there are: {there}); import one with 'expnet-live face-model import'."
            )
        return path

    def load(self, name: str) -> ShapeModel:
        return ShapeModel.load(self.path_of(name))

    def head(self, name: str, driver: Driver) -> Head:
        """The head of that name, driven by the coefficients of `driver`. Raises UserError."""
        return ImportedHead(name, self.load(name), driver)

    def check_new(self, name: str, replace: bool = False) -> None:
        """Check a name for a new head. Raises UserError if no head can be imported under that name."""
        if not _NAME.fullmatch(name) or name.casefold() in RESERVED or is_device(name):
            raise UserError(f"A head cannot be named {name}; use letters, digits, spaces, dots and dashes.")
        taken = [n for n in self.names() if n.casefold() == name.casefold()]
        if taken and not replace:
            raise UserError(f"There is already a head named {taken[0]}; use another --as, or --replace it.")

    def add(self, name: str, model: ShapeModel) -> Path:
        """Store a head, replacing one of that name. Raises UserError if it cannot be written."""
        path = self.folder / f"{name}.npz"
        made = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
        try:
            make_folder(self.folder)
            model.save(path)
        except OSError as e:
            for folder in made:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
            raise UserError(
                f"The head cannot be written to {self.folder} ({e.strerror or e}); make that folder writable."
            ) from e
        return path

    def remove(self, name: str) -> None:
        """Remove a head. Raises UserError if there is none of that name, or if it cannot be removed."""
        path = self.path_of(name)
        try:
            path.unlink()
        except OSError as e:
            raise UserError(f"{path} cannot be removed ({e.strerror}); make its folder writable.") from e


def import_head(source: Path, model: FaceModel) -> tuple[ShapeModel, tuple[str, ...]]:
    """The model in a file or folder, and notes on it for the user. Raises UserError with one sentence."""
    from expnet_live.heads.importing.raw import checksum_of, in_our_frame

    if not source.exists():
        raise UserError(f"{source} does not exist; choose {importable()}.")
    kind = next((k for k in HEADS.values() if HEADS.ask(k, lambda k: k.reads(source), False)), None)
    if kind is None:
        raise UserError(f"{source} is not a head; choose {importable()}.")
    raw, files = kind.read(source)
    return in_our_frame(raw, model, source.resolve(), checksum_of(files)), raw.notes
