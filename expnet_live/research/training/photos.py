"""Reads photo collections: folders, plain tar archives, single files.

The key of a photo is `collection/name`, where the collection is the stem of its folder or archive,
so that labels made on one machine fit the same photos on another.
"""

from __future__ import annotations

import csv
import logging
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Image

log = logging.getLogger(__name__)

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class PhotoRef:
    """The location of a photo. `member` is set for photos inside a tar archive."""

    collection: str
    name: str
    path: Path
    member: tarfile.TarInfo | None = None

    @property
    def key(self) -> str:
        return f"{self.collection}/{self.name}"


def bytes_of(name: str) -> bytes:
    """A key or name as UTF-8, also of a file whose name is no valid text, as old ones on Linux."""
    return name.encode("utf-8", "surrogatepass")


def list_photos(inputs: Sequence[Path]) -> list[PhotoRef]:
    """All photos under `inputs` (folders, .tar archives or image files), sorted by key.

    Raises UserError if an input does not exist, or is not a folder, a plain tar archive or an image.
    """
    refs: list[PhotoRef] = []
    for path in inputs:
        if path.is_dir():
            refs += [
                PhotoRef(path.resolve().name, p.relative_to(path).as_posix(), p)
                for p in path.rglob("*")
                if p.suffix.lower() in IMAGE_SUFFIXES
            ]
        elif not path.exists():
            raise UserError(f"{path} does not exist; choose a photo, a folder or a tar of photos.")
        elif path.suffix == ".tar":
            refs += [
                PhotoRef(path.stem, m.name, path, m)
                for m in _members(path)
                if m.isfile() and Path(m.name).suffix.lower() in IMAGE_SUFFIXES
            ]
        elif path.suffix.lower() in IMAGE_SUFFIXES:
            refs.append(PhotoRef(path.resolve().parent.name, path.name, path))
        else:
            raise UserError(f"{path} is neither a folder, a .tar archive nor an image; choose one of them.")
    return sorted(refs, key=lambda r: r.key)


def _members(path: Path) -> list[tarfile.TarInfo]:
    try:
        with tarfile.open(path, "r:") as archive:  # photos of a compressed one could not be read by their places
            return archive.getmembers()
    except (OSError, tarfile.TarError) as error:
        raise UserError(f"{path} cannot be read as a plain tar archive; unpack it, or choose another file.") from error


def read_photo(ref: PhotoRef) -> Image | None:
    """The photo as BGR uint8 (H, W, 3), or None if it cannot be decoded."""
    if ref.member is None:
        data = ref.path.read_bytes()
    else:
        with ref.path.open("rb") as f:
            f.seek(ref.member.offset_data)
            data = f.read(ref.member.size)
    try:
        image: Image | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # of an empty file, or of more pixels than OpenCV takes
        return None
    return image


def iter_photos(refs: Sequence[PhotoRef]) -> Iterator[tuple[PhotoRef, Image | None]]:
    for ref in refs:
        yield ref, read_photo(ref)


@dataclass(frozen=True)
class PhotoMeta:
    """A photo's row in its collection's CSV; missing fields are empty strings."""

    subject: str = ""
    emotion: str = ""


def read_metadata(csv_files: Sequence[Path]) -> dict[str, PhotoMeta]:
    """Photo key -> subject and emotion, from CSVs `file,subject,emotion` named like their collection.

    Raises UserError if one cannot be read as such.
    """
    meta: dict[str, PhotoMeta] = {}
    for path in csv_files:
        try:
            # Excel begins its CSVs with a byte order mark.
            with path.open(newline="", encoding="utf-8-sig") as f:
                for row in csv.DictReader(f):
                    name = row["file"].replace("\\", "/")
                    meta[f"{path.stem}/{name}"] = PhotoMeta(row.get("subject") or "", row.get("emotion") or "")
        except (OSError, ValueError, csv.Error, KeyError, AttributeError) as error:
            raise UserError(f"{path} is not a CSV with a column file; see docs/paper.md.") from error
    return meta


def check_metadata(meta: Mapping[str, PhotoMeta], keys: Iterable[str]) -> None:
    """Tell about CSVs that name no photo: whose photos are held out would then be another matter."""
    there = {key.split("/")[0] for key in keys if key in meta}
    for name in sorted({key.split("/")[0] for key in meta} - there):
        log.warning(
            "%s.csv names none of the photos, so it tells nothing; call it like the folder or archive of its photos, "
            "and write their names below `file` as they are in it.",
            name,
        )
