"""Writes the Parquet files of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expnet_live.archive.schema import APPEARANCE
from expnet_live.core.files import replacing
from expnet_live.sessions.format.markers import Marker, labels_of
from expnet_live.sessions.format.table import MARKER

_ROW_GROUP = 16_384

Write = Callable[[pa.RecordBatch], None]


@contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator[Write]:
    """A function that adds rows to a new Parquet file, which appears under its name at the end of the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        yield lambda batch: writer.write_batch(batch) if batch.num_rows else None


def keep(path: Path, leave_out: Sequence[str], write: Write) -> None:
    """Copy the rows of a file, if there is one, except those of some sources."""
    if path.exists():
        table = pq.read_table(path, partitioning=None)
        others = pc.invert(pc.is_in(table.column("source"), pa.array(leave_out, pa.string())))
        _write_all([table.filter(others)], write)


def join(path: Path, parts: Sequence[Path], people: dict[int, int], markers: Sequence[Marker]) -> None:
    """Write the rows of all `parts` to one file, with the appearance of each face (`people`) and labels of markers."""
    waiting: list[pa.Table] = []
    with writing(path, pq.read_schema(parts[0])) as write:
        for number, part in enumerate(parts):
            with pq.ParquetFile(part) as file:
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group)
                    last = number == len(parts) - 1 and group == file.num_row_groups - 1
                    labels, markers = _labels(table, markers, last)
                    waiting.append(_with(_with(table, APPEARANCE, _appearances(table, people)), MARKER, labels))
                    if sum(map(len, waiting)) >= _ROW_GROUP:
                        _write_all(waiting, write)
        _write_all(waiting, write)


def _with(table: pa.Table, name: str, values: Sequence[Any]) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(index), pa.array(values, table.schema.field(index).type))


def _appearances(table: pa.Table, people: dict[int, int]) -> list[int | None]:
    return [None if face is None else people.get(face, face) for face in table.column("face").to_pylist()]


def _labels(table: pa.Table, markers: Sequence[Marker], last: bool) -> tuple[list[str | None], Sequence[Marker]]:
    """The labels of the table's rows, None for none, and the markers of later rows."""
    times = np.asarray(table.column("timestamp_s"))
    end = round(float(times[-1]), 6)
    due = markers if last else [marker for marker in markers if round(marker.time, 6) <= end]
    return [label or None for label in labels_of(due, times)], [marker for marker in markers if marker not in due]


def _write_all(tables: list[pa.Table], write: Write) -> None:
    if tables:
        table = pa.concat_tables(tables).combine_chunks()
        tables.clear()
        for batch in table.to_batches():
            write(batch)
