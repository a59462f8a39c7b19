"""The labelled moments of a session: markers.csv."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.sessions.format.table import time_text

HEADER = ("timestamp_s", "label")


@dataclass(frozen=True)
class Marker:
    """A moment, in s since the session's start, and its label."""

    time: float
    label: str


def marker_line(marker: Marker) -> bytes:
    """Its line in the file."""
    return _line([time_text(marker.time), " ".join(marker.label.split())])


def header_line() -> bytes:
    return _line(HEADER)


def _line(fields: list[str] | tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()


def read_markers(path: Path) -> tuple[Marker, ...]:
    """The markers up to the file's last whole line, in order; none if there is no file. Raises UserError."""
    try:
        data = path.read_bytes().rstrip(b"\0")
    except FileNotFoundError:
        return ()
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); check its permissions.") from e
    lines = list(csv.reader(data[: data.rfind(b"\n") + 1].decode("utf-8", "replace").splitlines()))
    try:
        if lines and tuple(lines[0]) != HEADER:
            raise ValueError("wrong header")
        markers = [Marker(float(time), label) for time, label in lines[1:]]
        if not all(math.isfinite(m.time) for m in markers):
            raise ValueError("not finite")
    except ValueError as e:
        raise UserError(f"{path} is damaged; delete it. The recording itself does not need it.") from e
    return tuple(sorted(markers, key=lambda m: m.time))
