"""Markers that another program wrote, such as PsychoPy, for the recordings of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from expnet_live.core.delimiters import table_rows
from expnet_live.core.errors import UserError
from expnet_live.core.naming import counted, few
from expnet_live.reports.recordings import Recording, normal_name
from expnet_live.sessions.format.markers import Marker, in_order, plain

# The first names are those of our own tables, the others those of BIDS.
_TIMES, _LABELS = ("timestamp_s", "onset"), ("label", "trial_type")
_COLUMNS = f"source, {_TIMES[0]}, {_LABELS[0]}"

OUTSIDE = "before its first frame or after its last; --markers tells times in s from the first frame."

Events = Mapping[str, Sequence[Marker]]


def read_events(path: Path) -> Events:
    """The markers of each recording, by its name in a table with the columns source, timestamp_s and label, or onset
    and trial_type, as BIDS has them; "" where there is no source. Raises UserError."""
    found: dict[str, list[Marker]] = {}
    with table_rows(path) as rows:
        there = rows.fieldnames or ()
        time, label = (next((n for n in names if n in there), None) for names in (_TIMES, _LABELS))
        if time is None or label is None:
            missing = " or ".join(_TIMES if time is None else _LABELS)
            raise UserError(f"{path} has no column {missing}; its first line must name {_COLUMNS}.")
        for row in rows:
            source, moment, words = ((row.get(name) or "").strip() for name in ("source", time, label))
            if not (source or moment or words):
                continue  # spreadsheets save empty lines as separators alone
            if not words:
                raise UserError(f"{path} says too little in line {rows.line_num}; fill in {_COLUMNS}.")
            found.setdefault(source, []).append(Marker(_seconds(moment, path, rows.line_num), plain(words)))
    if not found:
        raise UserError(f"{path} has no markers; write a line for each, with {_COLUMNS}.")
    return found


def _seconds(text: str, path: Path, line: int) -> float:
    try:
        seconds = float(text.replace(",", "."))  # as spreadsheets of many languages write it
        if math.isfinite(seconds):
            return seconds
    except ValueError:
        pass
    raise UserError(f"{path} has no time in line {line}; write seconds from the recording's first frame.")


def with_events(recordings: Sequence[Recording], events: Events) -> tuple[list[Recording], list[str]]:
    """The recordings with these markers besides their own, and sentences on what does not fit. Raises UserError where
    it is not clear which recording a line is of."""
    sources = list(dict.fromkeys(r.source for r in recordings))
    if "" in events and (len(sources) > 1 or len(events) > 1):
        raise UserError(
            f"--markers has lines without a source, and the recording could be {few(sources)}; write its name into "
            "the column source."
        )
    lines = {normal_name(name): name for name in events}
    of: dict[str, str] = {}  # the source that each line is of
    found, outside = [], dict[str, int]()
    for r in recordings:
        line = next((key for name in ("", *r.names) if (key := normal_name(name)) in lines), None)
        if line is None:
            found.append(r)
            continue
        if of.setdefault(line, r.source) != r.source:
            raise UserError(
                f"The source {lines[line]} in --markers fits {of[line]} and {r.source}; write more of its name."
            )
        markers = events[lines[line]]
        outside[r.source] = sum(not r.time[0] <= m.time <= r.time[-1] for m in markers)
        found.append(replace(r, markers=in_order([*r.markers, *markers])))
    late = [f"{name} ({counted(n, 'marker')})" for name, n in outside.items() if n]
    remarks = (
        (late, OUTSIDE),
        ([s for s in sources if s not in of.values()], "--markers has no line for it."),
        (
            [name for key, name in lines.items() if key not in of],
            "in --markers, but no face of such a recording is read.",
        ),
    )
    return found, [f"{few(names)}: {why}" for names, why in remarks if names]
