"""Columns of numbers out of a CSV file, by Arrow's reader: a session of half an hour takes a fraction of a second."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array

_BOM = b"\xef\xbb\xbf"
_BLOCK = 8 << 20  # bytes that are read between two looks at the progress


def read_text(path: Path) -> bytes:
    """What is in a table, `path`. Raises UserError with one sentence."""
    try:
        return path.read_bytes()
    except FileNotFoundError as e:
        raise UserError(f"{path} is missing; restore it from a copy of the session.") from e
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e


@dataclass(frozen=True, eq=False)
class Table:
    """The text of a table, whose rows lie between `start` and `end`, its last whole line. Blank lines are no rows."""

    path: Path
    names: tuple[str, ...]
    data: bytes
    start: int
    end: int

    @classmethod
    def of(cls, path: Path, data: bytes) -> Table:
        """`path` is for messages. Raises UserError where there is no header."""
        # After a power cut a file may end with zeros, after a full disk in the middle of a row.
        end = len(data) if data.endswith(b"\n") else len(data.rstrip(b"\0"))
        end = data.rfind(b"\n", 0, end) + 1
        begin = len(_BOM) if data.startswith(_BOM) else 0
        while data[begin : begin + 1] in (b"\r", b"\n"):
            begin += 1
        start = data.find(b"\n", begin, end) + 1
        if not start:
            raise UserError(f"{path} is empty; restore it from a copy of the session.")
        names = next(csv.reader([data[begin:start].decode("utf-8", "replace").rstrip("\r\n")]))
        return cls(path, tuple(names), data, start, end)

    def numbers(
        self, exact: Sequence[str], single: Sequence[str] = (), progress: Progress = unwatched
    ) -> tuple[Array, Array]:
        """The columns `exact` (n, R) as float64 and `single` (m, R) as float32, NaN where a field is empty.

        `progress` is told how much of how much is read, and may raise, which ends it. Raises UserError when a
        column is missing, and for the first line that is damaged.
        """
        wanted = [*exact, *single]
        missing = [name for name in wanted if name not in self.names]
        if missing:
            raise UserError(
                f"{self.path} has no column {missing[0]}{' and others' if missing[1:] else ''}; restore it from a copy "
                "of the session."
            )
        pairs = []
        for start, end in self._blocks():
            progress(start - self.start, self.end - self.start)
            pairs.append(self._read(start, end, exact, single))
        progress(1, 1)
        if not pairs:
            return np.empty((len(exact), 0)), np.empty((len(single), 0), np.float32)
        one, other = (parts[0] if len(parts) == 1 else np.concatenate(parts, 1) for parts in zip(*pairs, strict=True))
        return one, other

    def damaged(self, row: int) -> UserError:
        """For a row, counted from 0, that says what cannot be."""
        lines = (i for i, line in enumerate(self._lines()) if line.strip(b"\r"))
        return self._damaged_line(next(i for n, i in enumerate(lines) if n == row))

    def _damaged_line(self, index: int) -> UserError:
        line = 1 + self.data.count(b"\n", 0, self.start) + index
        return UserError(
            f"{self.path} is damaged at line {line}; restore it from a copy, or delete the lines from there on."
        )

    def _lines(self) -> list[bytes]:
        return self.data[self.start : self.end].split(b"\n")

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Where whole lines begin and end, so many at a time as are soon read."""
        start = self.start
        while start < self.end:
            end = self.data.find(b"\n", min(start + _BLOCK, self.end - 1)) + 1
            if self.data[start : start + 99].strip() or self.data[start:end].strip():
                yield start, end
            start = end

    def _read(self, start: int, end: int, exact: Sequence[str], single: Sequence[str]) -> tuple[Array, Array]:
        import pyarrow as pa
        from pyarrow import csv as arrow

        places = [self.names.index(name) for name in (*exact, *single)]
        columns = [str(place) for place in places]
        types = {column: pa.float64() if i < len(exact) else pa.float32() for i, column in enumerate(columns)}
        try:
            table = arrow.read_csv(
                pa.BufferReader(pa.py_buffer(memoryview(self.data)[start:end])),
                # By their places: names may be there twice.
                read_options=arrow.ReadOptions(column_names=[str(i) for i in range(len(self.names))]),
                convert_options=arrow.ConvertOptions(
                    column_types=types, include_columns=columns, null_values=[""], quoted_strings_can_be_null=True
                ),
            )
        except pa.ArrowInvalid:
            self._find_damage(places)
            raise
        one, other = (
            np.array([table.column(c).to_numpy() for c in part], dtype).reshape(len(part), -1)
            for part, dtype in ((columns[: len(exact)], np.float64), (columns[len(exact) :], np.float32))
        )
        return one, other

    def _find_damage(self, places: Sequence[int]) -> None:
        """Raises UserError for the first line that has another number of fields, or none of numbers."""
        for i, line in enumerate(self._lines()):
            if not line.strip(b"\r"):
                continue
            fields = next(csv.reader([line.decode("utf-8", "replace").rstrip("\r")]))
            if len(fields) != len(self.names) or not all(_is_number(fields[place]) for place in places):
                raise self._damaged_line(i)


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    # Python takes more for numbers than Arrow does.
    return not text or not (text[0].isspace() or text[-1].isspace() or "_" in text)
