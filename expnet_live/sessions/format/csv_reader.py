"""Reads columns of numbers from a CSV file with Arrow: half an hour of session takes a fraction of a second.

The folder that needs no Python leaves Arrow out, because it is large: Python's own reader takes a few seconds there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from expnet_live.core.delimiters import check_commas
from expnet_live.core.errors import UserError
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array

_BOM = b"\xef\xbb\xbf"
_BLOCK = 8 << 20  # bytes to read between two progress reports,
_SHARE = 2 << 20  # and per thread: columns in few pieces are fast to join
_FOREIGN = re.compile(r"[_\s]|[^ -~]")  # Python accepts more forms of numbers than Arrow


def read_text(path: Path) -> bytes:
    """The content of the table `path`. Raises UserError with one sentence."""
    try:
        return path.read_bytes()
    except FileNotFoundError as e:
        raise UserError(f"{path} is missing; restore it from a copy of the session.") from e
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e


@dataclass(frozen=True, eq=False)
class Table:
    """The text of a table, with rows from `start` to `end`, the end of the last whole line. Blank lines are not
    rows.
    """

    path: Path
    names: tuple[str, ...]
    data: bytes
    start: int
    end: int

    @classmethod
    def of(cls, path: Path, data: bytes) -> Table:
        """`path` is for messages. Raises UserError if there is no header, or none with commas."""
        # After a power cut a file may end with zeros, after a full disk in the middle of a row.
        end = len(data) if data.endswith(b"\n") else len(data.rstrip(b"\0"))
        end = data.rfind(b"\n", 0, end) + 1
        begin = len(_BOM) if data.startswith(_BOM) else 0
        while data[begin : begin + 1] in (b"\r", b"\n"):
            begin += 1
        start = data.find(b"\n", begin, end) + 1
        if not start:
            raise UserError(f"{path} is empty; restore it from a copy of the session.")
        header = data[begin:start].decode("utf-8", "replace")
        check_commas(header, path)
        try:
            names = next(csv.reader([header.rstrip("\r\n")]))
        except csv.Error as e:
            raise UserError(f"{path} is damaged at its first line; restore it from a copy of the session.") from e
        return cls(path, tuple(names), data, start, end)

    def numbers(
        self, exact: Sequence[str], single: Sequence[str] = (), progress: Progress = unwatched
    ) -> tuple[Array, Array]:
        """The columns `exact` (n, R) as float64 and `single` (m, R) as float32, NaN where a field is empty.

        `progress` gets the amount read and the total, and may raise to stop. Raises UserError if a
        column is missing, or for the first damaged line.
        """
        wanted = [*exact, *single]
        missing = [name for name in wanted if name not in self.names]
        if missing:
            raise UserError(
                f"{self.path} has no column {missing[0]}{' and others' if missing[1:] else ''}; restore it from a copy "
                "of the session."
            )
        read = self._with_python if find_spec("pyarrow") is None else self._with_arrow
        pieces = []
        for start, end in self._blocks():
            progress(start - self.start, self.end - self.start)
            pieces += read(start, end, exact, single)
        progress(1, 1)
        n = sum(len(piece[0]) for piece in pieces)
        columns = np.empty((len(exact), n)), np.empty((len(single), n), np.float32)
        for i, column in enumerate((*columns[0], *columns[1])):
            start = 0
            for piece in pieces:
                column[start : start + len(piece[i])] = piece[i]
                start += len(piece[i])
        return columns

    def damaged(self, row: int) -> UserError:
        """The error for an invalid row, counted from 0."""
        lines = (i for i, line in enumerate(self.lines()) if line.strip(b"\r"))
        return self._damaged_line(next(i for n, i in enumerate(lines) if n == row))

    def _damaged_line(self, index: int) -> UserError:
        line = 1 + self.data.count(b"\n", 0, self.start) + index
        return UserError(
            f"{self.path} is damaged at line {line}; restore it from a copy, or delete the lines from there on."
        )

    def lines(self) -> Iterator[bytes]:
        """The whole lines of the rows, and blank ones between them, without their ends."""
        start = self.start
        while start < self.end:
            end = self.data.index(b"\n", start)
            yield self.data[start:end]
            start = end + 1

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """The ranges of whole lines to read at a time."""
        start = self.start
        while start < self.end:
            end = self.data.find(b"\n", min(start + _BLOCK, self.end - 1)) + 1
            if self.data[start : start + 99].strip() or self.data[start:end].strip():
                yield start, end
            start = end

    def _with_arrow(self, start: int, end: int, exact: Sequence[str], single: Sequence[str]) -> list[list[Array]]:
        """Pieces of the rows from `start` to `end`: each is a list of columns."""
        import pyarrow as pa
        from pyarrow import csv as arrow

        places = [self.names.index(name) for name in (*exact, *single)]
        columns = [str(place) for place in places]
        types = {column: pa.float64() if i < len(exact) else pa.float32() for i, column in enumerate(columns)}
        try:
            table = arrow.read_csv(
                pa.BufferReader(pa.py_buffer(memoryview(self.data)[start:end])),
                # By position, because a name may occur twice.
                read_options=arrow.ReadOptions(
                    column_names=[str(i) for i in range(len(self.names))], block_size=_SHARE
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=types, include_columns=columns, null_values=[""], quoted_strings_can_be_null=True
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._damage(places) from error
        return [[c.to_numpy(zero_copy_only=False) for c in batch.columns] for batch in table.to_batches()]

    def _with_python(self, start: int, end: int, exact: Sequence[str], single: Sequence[str]) -> list[list[Array]]:
        """The same, some ten times slower."""
        places = [self.names.index(name) for name in (*exact, *single)]
        rows = csv.reader(io.StringIO(self.data[start:end].decode("utf-8", "replace"), newline=""))
        try:
            fields = list(zip(*(row for row in rows if row), strict=True))
            if len(fields) != len(self.names) or any(_FOREIGN.search("".join(fields[place])) for place in places):
                raise ValueError(f"{self.path} is no table of numbers")
            return [[np.array([float(text or "nan") for text in fields[place]]) for place in places]]
        except (ValueError, csv.Error) as error:
            raise self._damage(places) from error

    def _damage(self, places: Sequence[int]) -> UserError:
        """The error for the first line with a wrong number of fields, or with a field that is not a number."""
        for i, line in enumerate(self.lines()):
            if not line.strip(b"\r"):
                continue
            try:
                fields = next(csv.reader([line.decode("utf-8", "replace").rstrip("\r")], strict=True))
            except csv.Error:  # a quote that does not end takes the next lines with it
                return self._damaged_line(i)
            if len(fields) != len(self.names) or not all(_is_number(fields[place]) for place in places):
                return self._damaged_line(i)
        return UserError(f"{self.path} is damaged; restore it from a copy.")


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return not _FOREIGN.search(text)
