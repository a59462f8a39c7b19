"""The release's input: a list of pictures with a face box each, `ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT`."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.types import Box

COLUMNS = ("ID", "FILE", "FACE_X", "FACE_Y", "FACE_WIDTH", "FACE_HEIGHT")


@dataclass(frozen=True)
class Entry:
    """`id` is the prefix of the output files; `path` is resolved against the list; `box` in pixels."""

    id: str
    path: Path
    box: Box


def read_list(path: Path) -> list[Entry]:
    """Read the list. Raises UserError, with the line, if it is invalid."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as f:
            reader = csv.DictReader(f, skipinitialspace=True)
            # The release itself writes FACE_y in places.
            reader.fieldnames = [name.strip().upper() for name in reader.fieldnames or []]
            missing = [c for c in COLUMNS if c not in reader.fieldnames]
            if missing:
                raise UserError(f"{path} lacks the column {missing[0]}; its first line must be {','.join(COLUMNS)}.")
            entries = [_entry(path, reader.line_num, row) for row in reader]
    except FileNotFoundError as e:
        raise UserError(f"There is no list {path}; check the name.") from e
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise UserError(f"{path} cannot be read as a CSV list; save it as text with commas.") from e
    if not entries:
        raise UserError(f"{path} lists no pictures; add a line for each.")
    # Some file systems ignore case.
    names = [e.id.casefold() for e in entries]
    twice = next((e.id for i, e in enumerate(entries) if names[i] in names[:i]), None)
    if twice is not None:
        raise UserError(f"{path} has the ID {twice} twice; give each picture its own.")
    return entries


def _entry(path: Path, line: int, row: dict[str, str]) -> Entry:
    values = [row.get(c) or "" for c in COLUMNS]
    key, file = values[0].strip(), values[1].strip()
    if not key or not file or key in (".", "..") or any(c in key for c in '/\\:*?"<>|'):
        raise UserError(f"{path}, line {line}: the ID {key!r} or FILE {file!r} cannot be used as a name.")
    try:
        box = Box(*(float(v) for v in values[2:]))
    except ValueError as e:
        raise UserError(f"{path}, line {line}: the face box {', '.join(values[2:])} is not four numbers.") from e
    if (
        not all(math.isfinite(v) for v in (box.x, box.y, box.w, box.h))
        or max(box.w, box.h) < 2
        or min(box.w, box.h) < 0
    ):
        raise UserError(f"{path}, line {line}: the face box {', '.join(values[2:])} has no size; write it in pixels.")
    return Entry(key, path.parent / file, box)
