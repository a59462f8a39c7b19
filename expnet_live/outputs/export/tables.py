"""Writes rows as tables: CSV, Parquet and NumPy's npz. Times are those of the session, and gaps stay gaps."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.sessions.format.table import MARKER, Layout, Rows, number_texts, time_text

_AT_A_TIME = 500
Step = Callable[[int], None]


def write_table(
    kind: str, path: Path, rows: Rows, names: Sequence[str], step: Step, labels: Sequence[str] = ()
) -> None:
    """`kind` is csv, parquet or npz; `names` are those of the coefficients, `labels` the markers of each row,
    empty if the session has none: there is no column of them then."""
    {"csv": write_csv, "parquet": write_parquet, "npz": write_npz}[kind](path, rows, names, step, labels)


def columns(rows: Rows, names: Sequence[str], labels: Sequence[str]) -> dict[str, Array]:
    """One column per number, and the labels; missing values are -1 for integers, NaN for others, and empty labels."""
    told = bool(np.isfinite(rows.blendshapes).any())
    keys = (rows.frame, rows.video_frame, rows.time, rows.face, rows.confidence)
    numbers = [rows.box, rows.rotation, rows.translation, rows.gaze.reshape(-1, 4), rows.expression]
    if told:
        numbers.append(rows.blendshapes)
    judged = bool(np.isfinite(rows.quality).any())
    if judged:
        numbers.append(rows.quality[:, None])
    headings = Layout(tuple(names), blendshapes=told, raw=False, marked=bool(labels), quality=judged).columns
    marked = [np.array(labels, object)] if labels else []
    return dict(zip(headings, (*keys, *np.hstack(numbers).T, *marked), strict=True))


def write_csv(path: Path, rows: Rows, names: Sequence[str], step: Step, labels: Sequence[str]) -> None:
    """One row per moment and face; without a face, one with confidence 0 and empty fields."""
    table = columns(rows, names, labels)
    with path.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(table)
        for start in range(0, len(rows), _AT_A_TIME):
            texts = [_texts(name, values[start : start + _AT_A_TIME]) for name, values in table.items()]
            writer.writerows(zip(*texts, strict=True))
            step(len(texts[0]))


def _texts(name: str, values: Array) -> list[str]:
    if values.dtype.kind == "O":
        return list(values)
    if values.dtype.kind == "i":
        return ["" if v < 0 else str(v) for v in values]
    if name == "timestamp_s":
        return [time_text(v) for v in values]
    return number_texts(values)


def write_parquet(path: Path, rows: Rows, names: Sequence[str], step: Step, labels: Sequence[str]) -> None:
    """The columns of the CSV, empty fields as nulls. Raises UserError without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as e:
        raise UserError(
            "Parquet needs pyarrow, which the folder without Python leaves out; choose CSV, or install "
            "ExpNet Live with pip."
        ) from e
    table = columns(rows, names, labels)
    arrays = {n: pa.array(v, pa.string() if v.dtype.kind == "O" else None, mask=_missing(v)) for n, v in table.items()}
    with path.open("wb") as file:  # pyarrow opens no path that is not UTF-8
        pq.write_table(pa.table(arrays), file)
    step(len(rows))


def _missing(values: Array) -> Array:
    kind = values.dtype.kind
    return values == "" if kind == "O" else values < 0 if kind == "i" else np.isnan(values)


def write_npz(path: Path, rows: Rows, names: Sequence[str], step: Step, labels: Sequence[str]) -> None:
    """Every field of `Rows` under its name, the `names` of the coefficients, and any labels as `marker`."""
    arrays = {n.name: getattr(rows, n.name) for n in fields(Rows)}
    if labels:
        arrays[MARKER] = np.array(labels, str)
    with path.open("wb") as f:
        np.savez_compressed(f, names=np.array(names), **arrays)
    step(len(rows))
