"""The manifest of a data set: settings, inputs with checksums, and what came of them.

`manifest.jsonl` is a journal that only the program which hands the tasks out writes: one line per run or input, the
last line of an input counts, and a line that a kill cut off does not. `inputs.parquet` is made of it at the end of
each run, for those who read the data set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from expnet_live.archive.inputs import Input
from expnet_live.archive.records import Outcome
from expnet_live.archive.schema import column
from expnet_live.archive.settings import Settings
from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing, write_whole
from expnet_live.core.naming import printable
from expnet_live.pipeline.way import other_in

JOURNAL, INPUTS, DATASET = "manifest.jsonl", "inputs.parquet", "dataset.json"
_TEXT, _COUNT = pa.string(), pa.int64()
_SCHEMA = pa.schema(
    [
        column("source", _TEXT, "", "the input as faces/ names it"),
        column("spec", _TEXT, "", "its whole path or address"),
        column("kind", _TEXT, "", "photo, video or unreadable"),
        column("size", _COUNT, "byte", "size of the file"),
        column("stamp", _TEXT, "", "mark of its version: time of the last change, in ns, or what the store gives"),
        column("person", _TEXT, "", "who is in it, as in people.parquet; empty if nobody said so"),
        column("sha256", _TEXT, "", "checksum of the file"),
        column("file", _TEXT, "", "its file below faces/; empty if there is none"),
        column("frames", _COUNT, "", "number of frames that were read"),
        column("with_face", _COUNT, "", "number of those with a face"),
        column("problem", _TEXT, "", "why it was not read, or not to its end; empty if it was"),
        column("remark", _TEXT, "", "what may not be as wanted; empty if all is"),
        column("host", _TEXT, "", "the computer that read it"),
    ]
)


class Run(msgspec.Struct, frozen=True, tag="run"):
    """The start of a run: its time, and the versions of what computes the values."""

    started: str
    versions: dict[str, str]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Outcome | Run).decode


class Manifest:
    """The journal of the data set in `out`, open for writing. A context manager."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.outcomes: dict[str, Outcome] = {}
        path = out / JOURNAL
        whole = _read(path, self.outcomes) if path.exists() else 0
        self._file = path.open("ab")
        self._file.truncate(whole)

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, lines: Iterable[Outcome | Run]) -> None:
        """Write lines and wait until they are on disk. Raises OSError."""
        lines = list(lines)
        self._file.write(b"".join(_encode(line) + b"\n" for line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.outcomes |= {line.spec: line for line in lines if isinstance(line, Outcome)}

    def is_done(self, one: Input, there: Mapping[str, bool]) -> bool:
        """Whether this very version of an input was read; `there` tells whether the files of the data set exist."""
        known = self.outcomes.get(one.spec)
        if known is None or (known.size, known.stamp) != (one.size, one.stamp):
            return False
        return bool(known.frames) and there.get(known.file, False)

    def told_apart(self, inputs: Sequence[Input]) -> list[Input]:
        """The inputs, with their whole paths as sources where another file of the data set is called like them: two
        runs in different folders may have named them by the same relative path."""
        files = {outcome.source: outcome.spec for outcome in self.outcomes.values()}
        return [
            one if files.get(one.source, one.spec) == one.spec else replace(one, source=printable(one.spec))
            for one in inputs
        ]

    def with_persons(self, inputs: Sequence[Input]) -> list[Input]:
        """The inputs, those without a person with the one that an earlier run has named."""
        known = ((one, self.outcomes.get(one.spec)) for one in inputs)
        return [one if one.person or o is None else replace(one, person=o.person) for one, o in known]

    def name_persons(self, inputs: Sequence[Input]) -> None:
        """Note the persons of inputs that were read before, where they have changed. Raises OSError."""
        known = ((self.outcomes.get(one.spec), one.person) for one in inputs)
        self.add([msgspec.structs.replace(o, person=p) for o, p in known if o is not None and o.person != p])

    def publish(self) -> None:
        """Write inputs.parquet. Raises OSError."""
        outcomes = list(self.outcomes.values())
        table = pa.table({name: [getattr(o, name) for o in outcomes] for name in _SCHEMA.names}, schema=_SCHEMA)
        with replacing(self._out / INPUTS) as partial:
            pq.write_table(table, partial, compression="zstd")


def _read(path: Path, outcomes: dict[str, Outcome]) -> int:
    """Read the journal up to its last whole line; returns its length in bytes. Raises UserError if it is damaged."""
    whole = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            try:
                found = _decode(line)
            except msgspec.DecodeError as error:
                raise UserError(
                    f"{path} is damaged ({error}); choose another folder with --out, or move this one away."
                ) from error
            whole += len(line)
            if isinstance(found, Outcome):
                outcomes[found.spec] = found
    return whole


def check_settings(out: Path, settings: Settings, about: Mapping[str, Any]) -> None:
    """Note the settings of a new data set in dataset.json, with `about` it. Raises UserError if there are others."""
    path = out / DATASET
    if path.exists():
        try:
            found = msgspec.json.decode(path.read_bytes())["settings"]
        except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error}); choose another folder with --out.") from error
        wanted = msgspec.to_builtins(settings.values())
        # Versions may differ: whether the values do, the way of computing says.
        other = sorted(key for key in wanted if key not in ("version", "way") and found.get(key) != wanted[key])
        if other:
            raise UserError(
                f"{out} was made with another {' and '.join(other)}; give the same options, or choose another "
                "folder with --out."
            )
        if way := other_in(found.get("way"), wanted["way"]):
            raise UserError(
                f"{out} was made with {way}, which gives other values; read all inputs anew into another folder with "
                "--out, or go on with the version of expnet-live that began it."
            )
        return
    document = {"schema": 1, "settings": settings.values(), **about}
    write_whole(path, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
