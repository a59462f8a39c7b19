"""The output folder: the table, meshes and overlays, and run.json, which says how they were made.

Everything is written to a hidden folder inside it and moved to its place at the end, so that a run that fails or is
interrupted leaves nothing behind. Results of an earlier run are never replaced unless the user asks for it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from expnet_live.analysis.inputs import RESULTS
from expnet_live.analysis.output import FILES, ROWS, writing
from expnet_live.analysis.protocol import Reader
from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum, move, unfinished, write_whole
from expnet_live.core.naming import numbered
from expnet_live.core.records import read_json
from expnet_live.pipeline.way import other_in
from expnet_live.sessions.format.folder import RUN, TABLE
from expnet_live.sessions.format.table import MARKER

SCHEMA = 1


class Earlier(Enum):
    """What to do with existing results in the folder."""

    KEEP = "keep"
    APPEND = "append"
    OVERWRITE = "overwrite"


class Results:
    """The output folder of a run. Raises UserError if it contains results that the run must not touch."""

    def __init__(self, out: Path, earlier: Earlier = Earlier.KEEP) -> None:
        self.out, self._earlier = out, earlier
        self._check_free()
        self._run = _read_run(out / RUN) if earlier is not Earlier.KEEP else {}

    def names(self) -> set[str]:
        """Names, without suffix, of meshes and overlays that stay, and those of their folders, as POSIX paths."""
        names: set[str] = set()
        for kind in RESULTS if self._earlier is not Earlier.OVERWRITE else ():
            folder = self.out / kind
            for path in folder.rglob("*"):
                if path.is_file():
                    name = PurePosixPath(path.relative_to(folder).as_posix()).with_suffix("")
                    names |= {str(name), re.sub(r"\.face\d+$", "", str(name))}
                    names |= {str(parent) for parent in name.parents if parent.name}
        return names

    def sources(self) -> dict[str, set[str]]:
        """The inputs whose rows stay, with the checksums of their files, as far as run.json tells."""
        runs = self._run.get("runs", []) if self._earlier is Earlier.APPEND else []
        found: dict[str, set[str]] = {}
        for one in (one for run in runs if isinstance(run, dict) for one in run.get("inputs", [])):
            if isinstance(one, dict) and one.get("frames"):
                found.setdefault(str(one.get("source")), set()).add(str(one.get("sha256", "")))
        return found

    @property
    def marked(self) -> bool:
        """Whether the table has a column of markers; those of older versions have none, and get none."""
        there = self._header_there()
        return there is None or there.split(b",")[-1] == MARKER.encode()

    def _header_there(self) -> bytes | None:
        """The header of the table that rows are appended to, without its line end."""
        table = self.out / TABLE
        if self._earlier is not Earlier.APPEND or not table.exists():
            return None
        with table.open("rb") as f:
            return f.readline().removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")

    def check_reader(self, reader: Reader) -> None:
        """Raise UserError if rows of this reader cannot be appended to the table."""
        self._check_columns(reader.header)
        runs = self._run.get("runs", []) if self._header_there() is not None else []
        before = [run.get(name) for run in runs if isinstance(run, dict) for name in reader.files]
        known = {file.get("sha256") for file in before if isinstance(file, dict)}
        if known - {file.sha256 for file in reader.files.values()}:
            raise UserError(
                f"{self.out / TABLE} holds the values of another network or face model; choose another folder with "
                "--out, or replace them with --overwrite."
            )
        ways = [run.get("way") for run in runs if isinstance(run, dict)] if reader.way else []
        if other := next(filter(None, (other_in(way, reader.way) for way in ways)), ""):
            raise UserError(
                f"{self.out / TABLE} was made with {other}, which gives other values; choose another folder with "
                "--out, or replace them with --overwrite."
            )

    def _check_columns(self, header: bytes) -> None:
        there = self._header_there()
        if there is not None and there != header.rstrip(b"\n"):
            raise UserError(
                f"{self.out / TABLE} has other columns than this run would add; use the model and the options "
                "of the earlier run or choose another folder with --out."
            )

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A hidden folder inside `out` for unfinished files; it is removed afterwards, as is `out` if it stays
        empty.
        """
        out = self.out
        made = not out.exists()
        staging = unfinished(out / "results")
        try:
            with writing(out):
                out.mkdir(parents=True, exist_ok=True)
                staging.mkdir()
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            if made and out.is_dir() and not any(out.iterdir()):
                out.rmdir()

    def publish(self, folders: Sequence[Path], header: bytes, staging: Path, run: Mapping[str, Any]) -> None:
        """Join the items' rows to the table, move all files to their places, and note `run` in run.json.

        Raises UserError if that fails; a table that cannot be replaced, because another program has it open on Windows,
        gets another name then.
        """
        self._check_free()
        with writing(self.out):
            joined = staging / TABLE
            with joined.open("wb") as f:
                self._begin(f, header)
                for folder in folders:
                    with (folder / ROWS).open("rb") as rows:
                        shutil.copyfileobj(rows, f)
            for path in self._replaced():
                path.unlink(missing_ok=True)
            kept = self._run if self._earlier is Earlier.APPEND else {}
            sums = dict(kept.get("files", {}))
            for folder in folders:
                files = folder / FILES
                for path in sorted(p for p in files.rglob("*") if p.is_file()):
                    name = path.relative_to(files)
                    sums[name.as_posix()] = checksum(path)
                    (self.out / name).parent.mkdir(parents=True, exist_ok=True)
                    move(path, self.out / name)
            sums[TABLE] = checksum(joined)
            placed = self._place(joined)
            document = {"schema": SCHEMA, "runs": [*kept.get("runs", []), dict(run)], "files": sums}
            write_whole(self.out / RUN, json.dumps(document, indent=1) + "\n")
        if placed.name != TABLE:
            raise UserError(
                f"{self.out / TABLE} cannot be replaced, because another program has it open; the new table is in "
                f"{placed.name}: close that program, and give it the old one's name."
            )

    def _place(self, table: Path) -> Path:
        """Move the table to its place, or beside it."""
        place = self.out / TABLE
        try:
            move(table, place)
        except PermissionError:
            names = numbered(place.stem, place.suffix, "-")
            place = next(path for path in map(self.out.joinpath, names) if not path.exists())
            move(table, place)
        return place

    def _begin(self, table: Any, header: bytes) -> None:
        there = self.out / TABLE
        if self._earlier is Earlier.APPEND and there.exists():
            with there.open("rb") as old:
                shutil.copyfileobj(old, table)
                old.seek(-1, os.SEEK_END)
                if old.read() != b"\n":
                    table.write(b"\n")
        else:
            table.write(header)

    def _check_free(self) -> None:
        if self._earlier is Earlier.KEEP and any((self.out / name).exists() for name in (TABLE, RUN)):
            raise UserError(
                f"{self.out} contains results of an earlier run; choose another folder with --out, add to them with "
                "--append, or replace them with --overwrite."
            )

    def _replaced(self) -> list[Path]:
        """The files of earlier runs to remove, as far as run.json lists them."""
        if self._earlier is not Earlier.OVERWRITE:
            return []
        # As Windows reads them, for which a backslash is a separator as well.
        named = {name: PureWindowsPath(name).parts for name in self._run.get("files", {})}
        return [self.out / n for n, p in named.items() if len(p) > 1 and p[0] in RESULTS and ".." not in p]


def _read_run(path: Path) -> dict[str, Any]:
    """The record of an earlier run, or an empty one if none can be read."""
    try:
        document = read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files, runs = (document.get(key) for key in ("files", "runs")) if isinstance(document, dict) else (None, None)
    return document if isinstance(files, dict) and isinstance(runs, list) else {}
