"""The storage of the imported release: one file per part in the user's data folder, and a manifest that lists them.

The manifest is replaced last and atomically: a failed import leaves the previous state.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from safetensors import SafetensorError

from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum, move, unfinished, write_whole
from expnet_live.core.paths import data_folder, make_folder
from expnet_live.core.records import read_json, record_of

MANIFEST = "manifest.json"
SCHEMA = 1
PARTS = {
    "expression": "ExpNet (expression)",
    "shape": "ShapeNet (identity and texture)",
    "pose": "FacePoseNet (pose)",
    "bfm": "the modified Basel Face Model",
}
HOW = "import it with 'expnet-live official import' (docs/official.md says where it comes from)"


@dataclass(frozen=True)
class Origin:
    """A source file of a part."""

    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Origin:
        return cls(path.name, checksum(path))


@dataclass(frozen=True)
class Part:
    """An imported part: its file in the folder, the checksum of that file, and its source files."""

    file: str
    size: int
    sha256: str
    origin: tuple[Origin, ...]


class _Manifest(msgspec.Struct):
    schema: int
    parts: dict[str, Part]


@dataclass(frozen=True)
class Made:
    """A finished file ready to be stored, and its source files."""

    path: Path
    origin: tuple[Origin, ...]


class Store:
    """The parts in `folder`, the user's own by default."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_folder() / "official"

    def parts(self) -> dict[str, Part]:
        """The imported parts, by key in PARTS. Raises UserError if the manifest is damaged."""
        path = self.folder / MANIFEST
        try:
            data = read_json(path.read_text(encoding="utf-8"))
            manifest = record_of(data, _Manifest)
            if manifest.schema != SCHEMA:
                raise UserError(f"{path} has another version; import the official release again.")
            return manifest.parts
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as e:
            raise UserError(f"{path} is damaged; delete it and import the official release again.") from e

    def missing(self) -> list[str]:
        """Parts that are not imported."""
        there = self.parts()
        return [key for key in PARTS if key not in there]

    def path_of(self, key: str) -> Path:
        """The file of an imported part. Raises UserError if it is not imported, or has changed."""
        part = self.parts().get(key)
        if part is None:
            raise UserError(f"{PARTS[key]} of the official release is not on this computer; {HOW}.")
        path = self.folder / part.file
        if not path.is_file() or path.stat().st_size != part.size:
            raise UserError(f"{path} is missing or cut off; {HOW}.")
        return path

    def damaged(self) -> list[str]:
        """The imported parts whose files no longer match their checksums."""
        return [
            key
            for key, part in self.parts().items()
            if not (self.folder / part.file).is_file() or checksum(self.folder / part.file) != part.sha256
        ]

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder for unfinished files; it is removed afterwards, with parent folders that were created and stayed
        empty.
        """
        made = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
        with self.writing():
            make_folder(self.folder)
            staging = unfinished(self.folder / "import")
            staging.mkdir()
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            for path in made:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn a write error into one sentence."""
        try:
            yield
        except (OSError, SafetensorError) as e:
            reason = getattr(e, "strerror", None) or e
            raise UserError(f"{self.folder} cannot be written ({reason}); free some space or make it writable.") from e

    def publish(self, made: Mapping[str, Made]) -> None:
        """Store finished files by their part's key, replacing earlier ones."""
        known = self.parts()
        with self.writing():
            try:
                for key, file in made.items():
                    digits = checksum(file.path)
                    # Named by their content, so that files that the manifest still names do not change.
                    name = f"{key}-{digits[:12]}{file.path.suffix}"
                    known[key] = Part(name, file.path.stat().st_size, digits, file.origin)
                    move(file.path, self.folder / name)
                parts = {key: asdict(part) for key, part in known.items()}
                write_whole(self.folder / MANIFEST, json.dumps({"schema": SCHEMA, "parts": parts}, indent=1))
            finally:
                self._sweep()

    def _sweep(self) -> None:
        """Remove files that the manifest does not name."""
        kept = {MANIFEST, *(part.file for part in self.parts().values())}
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in kept:
                path.unlink()
