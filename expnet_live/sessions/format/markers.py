"""The labelled moments of a session: markers.csv."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.core.delimiters import check_commas
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_whole
from expnet_live.core.types import Array
from expnet_live.sessions.format.folder import MARKERS, TABLE, VIDEO
from expnet_live.sessions.format.table import mark_table, time_text

HEADER = ("timestamp_s", "label", "color")
_OLD_HEADER = HEADER[:2]  # sessions before colours
_COLOR = re.compile("#[0-9a-f]{6}")
_BETWEEN = "; "  # labels of one row


@dataclass(frozen=True)
class Marker:
    """A moment, in s since the session's start, its label, and its colour as #rrggbb, empty for none."""

    time: float
    label: str
    color: str = ""


def marker_line(marker: Marker) -> bytes:
    """Its line in the file."""
    return _line([time_text(marker.time), plain(marker.label), marker.color])


def header_line() -> bytes:
    return _line(HEADER)


def plain(label: str) -> str:
    """A label on one line, without spaces at its ends."""
    return " ".join(label.split())


def _line(fields: list[str] | tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()


def read_markers(path: Path) -> tuple[Marker, ...]:
    """The markers in order, without a last line that was cut off; none if there is no file. Raises UserError."""
    try:
        data = path.read_bytes().rstrip(b"\0")
    except FileNotFoundError:
        return ()
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e
    end = data.rfind(b"\n") + 1
    text = data[:end].decode("utf-8-sig", "replace").splitlines()
    check_commas(text[0] if text else "", path)
    reader = csv.reader(text)
    markers = []
    try:
        header = tuple(next(reader, HEADER))
        if header not in (HEADER, _OLD_HEADER):
            raise ValueError("wrong header")
        markers = [_marker(*fields) for fields in reader if any(fields)]
    except (TypeError, ValueError, csv.Error) as e:
        raise UserError(
            f"{path} is damaged at line {reader.line_num}; correct that line or delete it (the first one must be "
            f"{','.join(HEADER)}). The recording itself does not need this file."
        ) from e
    return in_order([*markers, *_last(data[end:], len(header))])


def _last(line: bytes, columns: int) -> list[Marker]:
    """The marker of a line without an end, which other programs leave out; none if columns are missing, because a kill
    cut it off."""
    try:
        (fields,) = csv.reader([line.decode("utf-8", "replace")], strict=True)
        return [_marker(*fields)] if len(fields) == columns else []
    except (TypeError, ValueError, csv.Error):
        return []


def markers_beside(video: Path) -> tuple[tuple[Marker, ...], str]:
    """The markers of the session whose video this is, and a sentence if they cannot be read."""
    if video.name != VIDEO:
        return (), ""
    try:
        return read_markers(video.with_name(MARKERS)), ""
    except UserError as error:
        return (), str(error)


def _marker(time: str, label: str, color: str = "") -> Marker:
    """Raises ValueError if the time is not finite; an unknown colour is none."""
    if not math.isfinite(float(time)):
        raise ValueError("not finite")
    color = color.lower()
    return Marker(float(time), label, color if _COLOR.fullmatch(color) else "")


def in_order(markers: Sequence[Marker]) -> tuple[Marker, ...]:
    return tuple(sorted(markers, key=lambda m: m.time))


def write_markers(folder: Path, markers: Sequence[Marker]) -> None:
    """Replace the markers of a session that has ended, in their file; `settle` brings its table up to date.

    Raises UserError if the folder cannot be written.
    """
    with _writing(folder):
        write_whole(folder / MARKERS, header_line() + b"".join(map(marker_line, in_order(markers))))


def settle(folder: Path) -> bool:
    """Write the markers into the column of the table, if they are newer than it, and say so.

    A long table takes seconds, so this is not done at each marker. Raises UserError.
    """
    file, table = folder / MARKERS, folder / TABLE
    try:
        if file.stat().st_mtime_ns < table.stat().st_mtime_ns:
            return False
    except OSError:  # there are none, or the session is gone
        return False
    markers = read_markers(file)
    with _writing(folder):
        mark_table(table, lambda times: labels_of(markers, times))
    return True


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise UserError(
            f"The markers cannot be saved in {folder} ({e.strerror or e}); make that folder writable."
        ) from e


def markers_of_rows(times: Sequence[float], labels: Sequence[str]) -> tuple[Marker, ...]:
    """The markers that the column of labels tells, at the times of their rows, once for all faces of a moment."""
    told = {(time, label) for time, text in zip(times, labels, strict=True) for label in text.split(_BETWEEN) if label}
    return tuple(Marker(time, label) for time, label in sorted(told))


def labels_of(markers: Sequence[Marker], times: Array) -> list[str]:
    """For each of the increasing times (R,), the labels of the markers that belong to it, empty for none.

    A marker belongs to the first time at or after it, or to the last one; rows of the same time share it.
    """
    labels = [""] * len(times)
    if not len(times):
        return labels
    for marker in markers:
        first = min(int(np.searchsorted(times, round(marker.time, 6))), len(times) - 1)
        time = times[first]
        for i in range(int(np.searchsorted(times, time)), int(np.searchsorted(times, time, side="right"))):
            labels[i] = _BETWEEN.join(filter(None, (labels[i], plain(marker.label))))
    return labels
