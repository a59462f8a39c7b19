"""The page of a report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.version import __version__
from expnet_live.reports import charts
from expnet_live.reports.definitions import DEFINITIONS
from expnet_live.reports.report import FaceReport, Report
from expnet_live.reports.synchrony import SIGNALS

_CURVES = {"smile": SIGNALS["smile"], "jaw": SIGNALS["jaw"], "brows up": SIGNALS["brows up"]}
_POINTS = 600  # of a curve
_ACTIONS = 12  # strongest ones in a figure
_FIRST = (
    "duration", "frames", "in_frame", "gaps", "confidence", "quality", "face_width", "turned", "blink_rate",
    "blink_duration", "eyes_shut",
)  # fmt: skip
_STYLE = """
body { font: 15px/1.5 Inter, "Segoe UI", "Noto Sans", sans-serif; color: #1b1e23; background: #eef0f2; margin: 0; }
main { max-width: 900px; margin: 0 auto; padding: 24px; }
h1 { font-size: 26px; margin: 8px 0 2px; } h2 { font-size: 20px; margin: 0 0 8px; }
h3 { font-size: 15px; margin: 18px 0 4px; }
section { background: #fff; border-radius: 12px; padding: 18px 22px; margin: 14px 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; color: #626a75; font-weight: 500; }
th.n { text-align: right; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid #dde1e5; vertical-align: top; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; font-weight: 600; }
td.d, p.d { color: #626a75; font-size: 13px; } p.d { margin: 2px 0 8px; } .src { color: #8a919b; }
svg { width: 100%; height: auto; font: 12px sans-serif; display: block; } .muted { color: #626a75; }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""


def page_of(report: Report) -> str:
    """The page as a text."""
    names = [f.recording.name for f in report.faces]
    parts = [
        "<h1>Faces in numbers</h1>",
        _about(len(names)),
        *([_overview(report)] if len(report.faces) > 1 else []),
        *(_groups(report) if report.grouped else []),
        *(_pairs(report) if report.pairs else []),
        *(_face(face) for face in report.faces),
    ]
    title = escape(", ".join(names[:3]) + (" …" if len(names) > 3 else ""))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _about(faces: int) -> str:
    return (
        f'<p class="muted">{faces} face{"s" * (faces != 1)}, made by ExpNet Live {escape(__version__)}. Every number '
        "stands beside its definition and its source; the tables beside this page hold all of them. Numbers say how "
        "faces moved, not what people felt.</p>"
    )


def _overview(report: Report) -> str:
    keys = ("duration", "in_frame", "quality", "blink_rate", "blink_duration")
    heads = "".join(f'<th class="n">{DEFINITIONS[k].title} ({DEFINITIONS[k].unit})</th>' for k in keys)
    rows = "".join(
        f"<tr><td>{escape(f.recording.name)}</td>"
        + "".join(f'<td class="n">{_shown(f.value(k))}</td>' for k in keys)
        + "</tr>"
        for f in report.faces
    )
    return f"<section><h2>All faces</h2><table><tr><th>Face</th>{heads}</tr>{rows}</table></section>"


def _face(face: FaceReport) -> str:
    rows = [
        f'<tr><td>{DEFINITIONS[key].title}</td><td class="n">{_shown(value)}{_unit(key)}</td>{_defined(key)}</tr>'
        for key in _FIRST
        if (value := face.value(key)) is not None
    ]
    parts = [
        f"<section><h2>{escape(face.recording.name)}</h2>",
        f"<table>{''.join(rows)}</table>",
        "<h3>Over time</h3>", _curves(face),
        *_ranked(face, "range"), *_ranked(face, "speed"), *_sides(face),
        *(_latencies(face) if face.responses else []),
        "</section>",
    ]  # fmt: skip
    return "".join(parts)


def _curves(face: FaceReport) -> str:
    r = face.recording
    step = max(len(r.time) // _POINTS, 1)
    series = [
        (name, np.asarray(np.mean(r.weights[:, [INDEX[n] for n in of]], axis=1))[::step])
        for name, of in _CURVES.items()
    ]
    marks = [(m.time, m.label) for m in r.markers[:20]]
    return charts.lines(r.time[::step], series, "s", "0..1", marks)


def _ranked(face: FaceReport, key: str) -> Iterator[str]:
    """The actions with the highest figures."""
    figures = [f for f in face.figures if f.key == key and np.isfinite(f.value)]
    figures = sorted(figures, key=lambda f: -f.value)[:_ACTIONS]
    if figures:
        yield f"<h3>{DEFINITIONS[key].title} of the {len(figures)} strongest actions</h3>{_note(key)}"
        yield charts.bars(
            [f.of for f in figures], [f.value for f in figures], f" {DEFINITIONS[key].unit}".replace("0..1", "")
        )


def _sides(face: FaceReport) -> Iterator[str]:
    figures = [f for f in face.figures if f.key == "asymmetry"]
    if figures:
        yield f"<h3>Asymmetry</h3>{_note('asymmetry')}"
        yield charts.intervals([f.of for f in figures], [(f.value, 0.0, f.value) for f in figures])


def _latencies(face: FaceReport) -> Iterator[str]:
    yield f"<h3>After markers</h3>{_note('latency')}{_note('responses')}<table>"
    yield _heads("Marker", "Action", "Responses", "Median latency (ms)", "Quartiles (ms)", texts=2)
    for label in dict.fromkeys(r.label for r in face.responses):
        for action in dict.fromkeys(r.action for r in face.responses):
            mine = [r for r in face.responses if (r.label, r.action) == (label, action)]
            late = [1000 * r.latency for r in mine if r.latency is not None]
            if late:
                low, middle, high = np.percentile(late, [25, 50, 75])
                yield (
                    f'<tr><td>{escape(label)}</td><td>{action}</td><td class="n">{len(late)} of {len(mine)}</td>'
                    f'<td class="n">{middle:.0f}</td><td class="n">{low:.0f} to {high:.0f}</td></tr>'
                )
    yield "</table>"


def _pairs(report: Report) -> Iterator[str]:
    yield f"<section><h2>Synchrony</h2>{_note('synchrony')}{_note('synchrony_lag')}{_note('synchrony_p')}"
    for first, second in dict.fromkeys((s.first, s.second) for s in report.pairs):
        mine = [s for s in report.pairs if (s.first, s.second) == (first, second)]
        yield f"<h3>{escape(first)} and {escape(second)}</h3><table>"
        yield _heads("Signal", "r", "Lag (s)", "p", "Windows")
        for s in mine:
            cells = (f"{s.r:.2f}", f"{s.lag:+.1f}", f"{s.p:.3f}", str(s.windows))
            yield f"<tr><td>{s.signal}</td>" + "".join(f'<td class="n">{c}</td>' for c in cells) + "</tr>"
        yield "</table>"
        yield charts.lines(mine[0].lags, [(s.signal, s.curve) for s in mine], "lag, s", "mean correlation")
    yield "</section>"


def _groups(report: Report) -> Iterator[str]:
    yield f"<section><h2>Groups</h2>{_note('group_effect')}{_note('group_q')}"
    shown = report.effects[:20]
    if not shown:
        yield "<p>No figure moves enough, in at least two people of each group, to be compared.</p></section>"
        return
    yield f'<p class="d">The {len(shown)} clearest of {len(report.effects)} effects; groups.csv has all.</p>'
    yield charts.intervals([f"{e.figure}: {e.group}" for e in shown], [(e.estimate, e.low, e.high) for e in shown])
    yield "<table>" + _heads("Figure", "Group", "Difference", "95 % interval", "p", "q", texts=2, last="Model")
    for e in shown:
        cells = (f"{e.estimate:+.3g}", f"{e.low:.3g} to {e.high:.3g}", f"{e.p:.2g}", f"{e.q:.2g}")
        yield (
            f"<tr><td>{escape(e.figure)}</td><td>{escape(e.group)} against {escape(e.reference)}</td>"
            + "".join(f'<td class="n">{c}</td>' for c in cells)
            + f"<td>{e.model}, {e.participants} people, {e.windows} windows</td></tr>"
        )
    yield "</table></section>"


def _heads(*names: str, texts: int = 1, last: str = "") -> str:
    """A head row: the first `texts` columns hold texts, the others numbers, and `last` texts again."""
    cells = [f"<th>{n}</th>" if i < texts else f'<th class="n">{n}</th>' for i, n in enumerate(names)]
    return f"<tr>{''.join(cells)}{f'<th>{last}</th>' if last else ''}</tr>"


def _defined(key: str) -> str:
    d = DEFINITIONS[key]
    return f'<td class="d">{escape(d.text)} <span class="src">Source: {escape(d.source)}.</span></td>'


def _note(key: str) -> str:
    d = DEFINITIONS[key]
    return f'<p class="d"><b>{d.title}.</b> {escape(d.text)} <span class="src">Source: {escape(d.source)}.</span></p>'


def _unit(key: str) -> str:
    unit = DEFINITIONS[key].unit
    return "" if unit in ("", "0..1") else f" {unit}"


def _shown(value: float | None) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
