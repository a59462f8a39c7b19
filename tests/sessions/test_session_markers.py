"""Markers in a session's files: named, moved, coloured, and a column of every table."""

from __future__ import annotations

import csv
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from session_files import INFO_OF_TEST, N_IDENTITY, NAMES, face, write_session

from expnet_live.core.errors import UserError
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.format.folder import MARKERS, TABLE
from expnet_live.sessions.format.markers import Marker, labels_of, read_markers, settle, write_markers
from expnet_live.sessions.format.table import MARKER, Layout, read_rows
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.writer import SessionWriter

AWKWARD = 'say "hi", then ü'
SET = (Marker(0.1, "a", "#e5484d"), Marker(0.21, AWKWARD), Marker(0.22, "c"), Marker(9.0, "end"))


def recorded(folder: Path, faces: int = 1) -> Path:
    """A session of 8 frames with markers, which the writer takes in order of time, as a recording does."""
    writer = SessionWriter(folder, INFO_OF_TEST)
    writer.begin(time.monotonic(), 320, 240)
    for i in range(8):
        for marker in SET:
            if (i - 1) / 30 < marker.time <= i / 30:
                writer.mark(marker)
        writer.write(i, None, i / 30, [face(i) for _ in range(faces)])
    writer.mark(SET[-1])
    writer.close(8, 0, None, "")
    return folder


def labels_in(path: Path) -> dict[int, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {int(row["frame"]): row[MARKER] for row in csv.DictReader(file) if row[MARKER]}


def test_the_table_of_a_recording_has_them(tmp_path: Path) -> None:
    session = Session.open(recorded(tmp_path / "s"))
    assert session.markers == SET
    # Each at the first frame at or after it; the last one came after the last frame.
    assert labels_in(session.folder / TABLE) == {3: "a", 7: f"{AWKWARD}; c; end"}
    assert len(session.rows) == 8 and np.allclose(session.rows.expression[3], face(3).expression)
    assert labels_of(SET, session.rows.time)[3] == "a"


def test_changes_are_in_both_files_and_nothing_else_changes(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "s", faces=2)
    before, rows = (folder / TABLE).read_bytes(), read_rows(folder / TABLE, NAMES, N_IDENTITY)
    changed = (Marker(0.2, "moved", "#3b82f6"), Marker(0.0, AWKWARD))
    write_markers(folder, changed)
    assert Session.open(folder).markers == changed[::-1] and (folder / TABLE).read_bytes() == before
    assert settle(folder) and not settle(folder)
    session = Session.open(folder)
    assert session.markers == changed[::-1]
    assert labels_in(folder / TABLE) == {0: AWKWARD, 6: "moved"}
    assert (folder / TABLE).read_text("utf-8").count('"moved"') == 2  # of both faces
    for name in ("frame", "time", "expression", "identity", "rotation"):
        assert np.array_equal(getattr(session.rows, name), getattr(rows, name))
    write_markers(folder, SET)
    assert settle(folder)
    assert (folder / TABLE).read_bytes() == before


def test_sessions_without_colours_open_and_get_the_column(tmp_path: Path) -> None:
    write_session(tmp_path, n=8)
    (tmp_path / MARKERS).write_bytes(b'timestamp_s,label\n0.100000,here\n0.250000,"with, ""quotes"""\n')
    old = Session.open(tmp_path)
    assert old.markers == (Marker(0.1, "here"), Marker(0.25, 'with, "quotes"'))
    write_markers(tmp_path, [*old.markers, Marker(0.05, "new", "#46a758")])
    assert settle(tmp_path)
    again = Session.open(tmp_path)
    assert [m.label for m in again.markers] == ["new", "here", 'with, "quotes"']
    assert labels_in(tmp_path / TABLE) == {2: "new", 3: "here", 7: 'with, "quotes"'}
    assert np.array_equal(again.rows.expression, old.rows.expression, equal_nan=True)


def test_a_table_from_a_spreadsheet_keeps_its_lines(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "s")
    with (folder / TABLE).open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    with (folder / TABLE).open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(lines)
    write_markers(folder, [Marker(0.03, "x")])
    assert settle(folder)
    data = (folder / TABLE).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\r\n") == data.count(b"\n") == 9
    assert [m.label for m in Session.open(folder).markers] == ["x"] and len(Session.open(folder).rows) == 8
    with (folder / TABLE).open(newline="", encoding="utf-8-sig") as file:
        assert [row[MARKER] for row in csv.DictReader(file)] == ["", "x", *[""] * 6]


@pytest.mark.parametrize(
    ("last", "label"),
    [
        (b"3.5,stop", "stop"), (b'3.5,"a, b"', "a, b"), (b"3.5,stop\n,\n", "stop"), (b"3.5", None), (b'3.5,"a', None),
        (b"\0\0\0", None),
    ],
)  # fmt: skip
def test_a_last_line_without_an_end_counts_unless_it_was_cut_off(
    tmp_path: Path, last: bytes, label: str | None
) -> None:
    """Other programs leave the end out."""
    (tmp_path / MARKERS).write_bytes(b"timestamp_s,label\n2,go\n" + last)
    told = [(m.time, m.label) for m in read_markers(tmp_path / MARKERS)]
    assert told == [(2.0, "go"), *([] if label is None else [(3.5, label)])]


def test_a_quote_that_does_not_end_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / MARKERS).write_text('timestamp_s,label\n0.5,"a\n' + "1.5,b\n" * 40_000, encoding="utf-8")
    with pytest.raises(UserError, match="is damaged at line"):
        read_markers(tmp_path / MARKERS)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make that folder writable"):
        write_markers(tmp_path / "gone", SET)


def test_every_exported_table_has_them(tmp_path: Path) -> None:
    session = Session.open(recorded(tmp_path / "s"))
    wanted = {3: "a", 7: f"{AWKWARD}; c; end"}

    def exported(format: str, **options: float) -> Path:
        return export(session, ExportOptions(format, tmp_path / f"{format}{len(options)}", **options)).path

    assert labels_in(exported("csv")) == wanted
    assert {i: s for i, s in enumerate(pq.read_table(exported("parquet"))[MARKER].to_pylist()) if s} == wanted
    labels = np.load(exported("npz"))[MARKER]
    assert {i: str(s) for i, s in enumerate(labels) if s} == wanted
    for format in ("openface", "pyfeat"):
        assert pd.read_csv(exported(format))[MARKER].dropna().tolist() == list(wanted.values())
    part = pd.read_csv(exported("csv", start=0.0, end=0.15, fps=60.0))
    assert part[MARKER].dropna().to_dict() == {6: "a"}  # of the range alone, at its own rate


def test_a_layout_without_markers_is_as_before() -> None:
    assert Layout(NAMES, 1).columns == Layout(NAMES, 1, marked=True).columns[:-1]


def test_a_marker_after_the_last_frame_costs_nothing_that_grows(tmp_path: Path) -> None:
    """The end of the table is written again, and nothing before it."""
    writer = SessionWriter(tmp_path / "s", INFO_OF_TEST)
    table = tmp_path / "s" / TABLE
    writer.begin(time.monotonic(), 320, 240)
    for i in range(8):
        writer.write(i, None, i / 30, [face(0), face(1)])
    before, file = table.read_bytes(), table.stat().st_ino
    writer.mark(Marker(9.0, AWKWARD))
    writer.close(8, 0, None, "")
    after = table.read_bytes()
    assert table.stat().st_ino == file  # not another file in its place
    *first, one, two = before.splitlines(keepends=True)
    label = '"say ""hi"", then ü"\n'.encode()
    assert after == b"".join([*first, one[:-1] + label, two[:-1] + label])


def test_a_disk_that_is_full_at_the_last_marker_keeps_the_rows(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "s", INFO_OF_TEST)
    table = tmp_path / "s" / TABLE
    writer.begin(time.monotonic(), 320, 240)
    for i in range(8):
        writer.write(i, None, i / 30, [face(i)])
    before = table.read_bytes()
    writer.mark(Marker(9.0, "end"))
    resource = pytest.importorskip("resource", reason="limits of the size of files")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 2, usual[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            writer.close(8, 0, None, "")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, ignored)
    assert table.read_bytes() == before
    assert [m.label for m in read_markers(tmp_path / "s" / MARKERS)] == ["end"]
