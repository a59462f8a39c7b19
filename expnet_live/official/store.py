"""Where the imported release lies: one file a part under the user's data, and a manifest that names them.

The manifest is replaced last and at once: an import that fails leaves what was there before.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from expnet_live.errors import UserError
from expnet_live.resources import data_folder

MANIFEST = "manifest.json"
SCHEMA = 1
PARTS = {
    "expression": "ExpNet (expression)",
    "shape": "ShapeNet (identity and texture)",
    "pose": "FacePoseNet (pose)",
    "bfm": "the modified Basel Face Model",
}
HOW = "import it with 'expnet-live official import' (docs/official.md tells where it comes from)"


@dataclass(frozen=True)
class Origin:
    """A file that a part was made from."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Part:
    """An imported part: its file in the folder, what that file holds, and what it was made from."""

    file: str
    size: int
    sha256: str
    origin: tuple[Origin, ...]


def folder() -> Path:
    return data_folder() / "official"


def parts() -> dict[str, Part]:
    """What was imported, by its key in PARTS. Raises UserError when the manifest is damaged."""
    path = folder() / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise UserError(f"{path} is of another version; import the official release again.")
        return {key: _part(value) for key, value in data["parts"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise UserError(f"{path} is damaged; import the official release again.") from e


def _part(value: dict[str, Any]) -> Part:
    return Part(
        str(value["file"]), int(value["size"]), str(value["sha256"]), tuple(Origin(**o) for o in value["origin"])
    )


def path_of(key: str) -> Path:
    """The file of an imported part. Raises UserError when it was not imported, or is not as it was."""
    part = parts().get(key)
    if part is None:
        raise UserError(f"{PARTS[key]} of the official release is not on this computer; {HOW}.")
    path = folder() / part.file
    if not path.is_file() or path.stat().st_size != part.size:
        raise UserError(f"{path} is missing or cut; {HOW}.")
    return path


def damaged() -> list[str]:
    """The imported parts whose files no longer have their checksums."""
    found = []
    for key, part in parts().items():
        path = folder() / part.file
        if not path.is_file() or digest(path) != part.sha256:
            found.append(key)
    return found


def missing(keys: tuple[str, ...] = tuple(PARTS)) -> list[str]:
    """Those of the parts that were not imported."""
    there = parts()
    return [key for key in keys if key not in there]


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    total = sha256()
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            total.update(block)
    return total.hexdigest()


@contextmanager
def staging() -> Iterator[Path]:
    """A folder for unfinished files, gone afterwards, as is what was made for it and stayed empty."""
    target = folder()
    made = [p for p in (target, *target.parents) if not p.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
        for left in target.glob(".unfinished-*"):
            shutil.rmtree(left, ignore_errors=True)  # of an import that was killed
        unfinished = target / f".unfinished-{os.getpid()}"
        unfinished.mkdir()
    except OSError as e:
        raise UserError(f"Nothing can be written to {target} ({e.strerror}); make that folder writable.") from e
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def publish(files: Mapping[str, tuple[Path, tuple[Origin, ...]]]) -> None:
    """Takes finished files by their part's key, with what they were made from, in place of earlier ones."""
    target, known = folder(), parts() if (folder() / MANIFEST).exists() else {}
    new = {}
    for key, (path, origin) in files.items():
        checksum = digest(path)
        name = f"{key}-{checksum[:12]}{path.suffix}"
        new[key] = Part(name, path.stat().st_size, checksum, origin)
        path.replace(target / name)
    whole = known | new
    text = json.dumps({"schema": SCHEMA, "parts": {k: asdict(p) for k, p in whole.items()}}, indent=1)
    partial = target / f".{MANIFEST}.tmp"
    partial.write_text(text, encoding="utf-8")
    partial.replace(target / MANIFEST)
    kept = {p.file for p in whole.values()}
    for path in target.iterdir():
        if path.is_file() and path.name != MANIFEST and path.name not in kept:
            path.unlink()
