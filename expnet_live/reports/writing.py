"""Writes a report: the page, and its figures as tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.reports.definitions import DEFINITIONS
from expnet_live.reports.page import page_of
from expnet_live.reports.recordings import Recording
from expnet_live.reports.report import Report

PAGE = "report.html"


def write_report(report: Report, out: Path) -> list[Path]:
    """Write the page and the tables into the folder `out`. Raises UserError if that fails."""
    written = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in _tables(report):
            path = out / name
            with whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)
            written.append(path)
        with whole(out / PAGE) as partial:
            partial.write_text(page_of(report), encoding="utf-8")
    except OSError as e:
        raise UserError(f"The report cannot be written to {out} ({e.strerror or e}); choose another --out.") from e
    return [out / PAGE, *written]


def _tables(report: Report) -> Iterator[tuple[str, list[list[str]]]]:
    rows = [["recording", "face", "figure", "of", "value", "unit"]]
    for face in report.faces:
        rows += [[*_who(face.recording), f.key, f.of, _number(f.value), DEFINITIONS[f.key].unit] for f in face.figures]
    yield "figures.csv", rows
    yield (
        "definitions.csv",
        [["figure", "title", "unit", "definition", "source"]]
        + [[d.key, d.title, d.unit, d.text, d.source] for d in DEFINITIONS.values()],
    )
    closures = [["recording", "face", "time_s", "duration_ms", "depth", "kind"]]
    for face in report.faces:
        closures += [
            [*_who(face.recording), f"{b.time:.3f}", f"{1000 * b.duration:.0f}", _number(b.depth),
             "blink" if b.blink else "shut" if b.duration > 0.1 else "short"]
            for b in face.closures
        ]  # fmt: skip
    yield "blinks.csv", closures
    if report.pairs:
        yield (
            "synchrony.csv",
            [["first", "second", "signal", "r", "lag_s", "p", "windows"]]
            + [
                [s.first, s.second, s.signal, _number(s.r), f"{s.lag:g}", _number(s.p), str(s.windows)]
                for s in report.pairs
            ],
        )
    if any(face.responses for face in report.faces):
        yield "latencies.csv", [["recording", "face", "marker", "marker_s", "action", "latency_ms"]] + [
            [*_who(face.recording), r.label, f"{r.time:.3f}", r.action,
             "" if r.latency is None else f"{1000 * r.latency:.0f}"]
            for face in report.faces for r in face.responses
        ]  # fmt: skip
    if report.grouped:
        heads = [
            "figure",
            "reference",
            "group",
            "estimate",
            "low",
            "high",
            "p",
            "q",
            "windows",
            "participants",
            "model",
            *(f"{whose}_{what}" for whose in ("reference", "group") for what in ("people", "mean", "sd")),
        ]
        yield "groups.csv", [heads] + [
            [e.figure, e.reference, e.group, *(_number(v) for v in (e.estimate, e.low, e.high, e.p, e.q)),
             str(e.windows), str(e.participants), e.model,
             *(_number(v) for v in (*e.of_reference, *e.of_group))]
            for e in report.effects
        ]  # fmt: skip


def _who(recording: Recording) -> list[str]:
    return [recording.source, "" if recording.face < 0 else str(recording.face)]


def _number(value: float) -> str:
    return "" if value != value else f"{value:.6g}"
