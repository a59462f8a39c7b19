"""Writes a report: the page, and its figures as tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.files import check_new, whole
from expnet_live.reports.definitions import DEFINITIONS
from expnet_live.reports.page import page_of
from expnet_live.reports.recordings import Recording
from expnet_live.reports.report import Report

PAGE = "report.html"


HEADS = {
    "figures.csv": ("recording", "face", "figure", "of", "value", "unit"),
    "definitions.csv": ("figure", "title", "unit", "definition", "source"),
    "blinks.csv": ("recording", "face", "time_s", "duration_ms", "depth", "kind"),
    "synchrony.csv": ("first", "second", "signal", "r", "lag_s", "p", "windows"),
    "latencies.csv": ("recording", "face", "marker", "marker_s", "action", "latency_ms"),
    "groups.csv": (
        "figure", "reference", "group", "estimate", "low", "high", "p", "q", "windows", "participants", "model",
        *(f"{whose}_{what}" for whose in ("reference", "group") for what in ("people", "mean", "sd")),
    ),
}  # fmt: skip


def check_place(out: Path, overwrite: bool) -> None:
    """Raises UserError if the folder `out` holds a report, unless the user lets it be replaced, or another table that
    is called like one of a report, such as the one of --groups."""
    for name, head in HEADS.items():
        path = out / name
        if path.is_file() and not _begins(path, ",".join(head[:2])):
            raise UserError(f"{path} is no table of a report, but would be replaced; choose another folder with --out.")
    for name in (PAGE, *HEADS):
        check_new(out / name, overwrite)


def _begins(path: Path, text: str) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(text.encode())) == text.encode()
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror or e}); choose another folder with --out.") from e


def write_report(report: Report, out: Path) -> list[Path]:
    """Write the page and the tables into the folder `out`, in place of an earlier report. Raises UserError if that
    fails, or would replace anything else."""
    check_place(out, overwrite=True)
    tables = dict(_tables(report))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            with whole(out / name) as partial, partial.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([HEADS[name], *rows])
        with whole(out / PAGE) as partial:
            partial.write_text(page_of(report), encoding="utf-8")
        for name in HEADS:
            if name not in tables:  # of the earlier report
                (out / name).unlink(missing_ok=True)
    except OSError as e:
        raise UserError(f"The report cannot be written to {out} ({e.strerror or e}); choose another --out.") from e
    return [out / PAGE, *(out / name for name in tables)]


def _tables(report: Report) -> Iterator[tuple[str, list[list[str]]]]:
    """The tables that this report has, by their names, without their heads."""
    yield "figures.csv", [
        [*_who(face.recording), f.key, f.of, _number(f.value), DEFINITIONS[f.key].unit]
        for face in report.faces for f in face.figures
    ]  # fmt: skip
    yield "definitions.csv", [[d.key, d.title, d.unit, d.text, d.source] for d in DEFINITIONS.values()]
    yield "blinks.csv", [
        [*_who(face.recording), f"{b.time:.3f}", f"{1000 * b.duration:.0f}", _number(b.depth),
         "blink" if b.blink else "shut" if b.duration > 0.1 else "short"]
        for face in report.faces for b in face.closures
    ]  # fmt: skip
    if report.pairs:
        yield (
            "synchrony.csv",
            [
                [s.first, s.second, s.signal, _number(s.r), f"{s.lag:g}", _number(s.p), str(s.windows)]
                for s in report.pairs
            ],
        )
    if any(face.responses for face in report.faces):
        yield "latencies.csv", [
            [*_who(face.recording), r.label, f"{r.time:.3f}", r.action,
             "" if r.latency is None else f"{1000 * r.latency:.0f}"]
            for face in report.faces for r in face.responses
        ]  # fmt: skip
    if report.grouped:
        yield "groups.csv", [
            [e.figure, e.reference, e.group, *(_number(v) for v in (e.estimate, e.low, e.high, e.p, e.q)),
             str(e.windows), str(e.participants), e.model,
             *(_number(v) for v in (*e.of_reference, *e.of_group))]
            for e in report.effects
        ]  # fmt: skip


def _who(recording: Recording) -> list[str]:
    return [recording.source, "" if recording.face < 0 else str(recording.face)]


def _number(value: float) -> str:
    return "" if value != value else f"{value:.6g}"
