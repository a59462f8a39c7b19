"""The release's own program: makes PLY files from a list of pictures with face boxes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
from tqdm import tqdm

from expnet_live.capture.images import read_image
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.files import write_whole
from expnet_live.core.types import Image
from expnet_live.meshes.files import write_mesh
from expnet_live.official.crop import OfficialCrop
from expnet_live.official.listing import Entry, read_list
from expnet_live.official.readers import Meshes, Reader

SUFFIXES = {"shape": "_Shape", "expression": "_Shape_Expr", "pose": "_Shape_Expr_Pose"}


def run_list(
    listing: Path, out: Path, reader: Reader, meshes: Sequence[str] = ("pose",), crops: Path | None = None
) -> int:
    """Write `<ID>_Shape_Expr_Pose.ply` and similar files for each line; `meshes` are keys of SUFFIXES.

    `crops`: a folder for the crops of 227 pixels. Returns the number of pictures that could not be read, and reports
    each. Raises UserError if the list is invalid or nothing can be written.
    """
    entries = read_list(listing)
    failed = 0
    for entry in tqdm(entries, unit="face", disable=None):
        try:
            image = read_image(entry.path)
        except SourceError as error:
            tqdm.write(f"expnet-live: {entry.id}: {error}", file=sys.stderr)
            failed += 1
            continue
        found = reader.read(image, entry.box)
        try:
            _write(entry, found, reader, out, meshes)
            if crops is not None:
                _write_crop(crops / f"{entry.id}.jpg", OfficialCrop.of_box(entry.box).pixels(image))
        except OSError as e:
            raise UserError(
                f"The results cannot be written to {e.filename or out} ({e.strerror or e}); "
                "free some space there or choose another folder."
            ) from e
    return failed


def _write(entry: Entry, found: Meshes, reader: Reader, out: Path, meshes: Sequence[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for kind in meshes:
        path = out / f"{entry.id}{SUFFIXES[kind]}.ply"
        write_mesh(path, getattr(found, kind), reader.triangles, colors=found.colors)


def _write_crop(path: Path, crop: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, cv2.imencode(".jpg", crop)[1].tobytes())
