"""The page of a report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.version import __version__
from expnet_live.reports import charts, markup, overview
from expnet_live.reports.definitions import DEFINITIONS
from expnet_live.reports.groups import INCOMPARABLE, Spread
from expnet_live.reports.latencies import latencies
from expnet_live.reports.pairs import pairs
from expnet_live.reports.report import FaceReport, Report
from expnet_live.reports.synchrony import SIGNALS

_CURVES = {"smile": SIGNALS["smile"], "jaw": SIGNALS["jaw"], "brows up": SIGNALS["brows up"]}
_POINTS = 600  # of a curve
_ACTIONS = 12  # strongest ones in a figure
_MOST = 100  # faces that are shown one by one: a page of more is slow to open
_CLEAR = 0.05  # q
_FIRST = (
    "duration", "frames", "frame_rate", "in_frame", "gaps", "confidence", "quality", "face_width", "turned", "blinks",
    "blink_rate", "blink_duration", "eyes_shut",
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
td.w, table.figures td:first-child { white-space: nowrap; }
td.d, p.d { color: #626a75; font-size: 13px; } p.d { margin: 2px 0 8px; } .src { color: #6d747e; }
.wide { overflow-x: auto; } .wide svg { min-width: 560px; }
@media (max-width: 640px) {
  main { padding: 10px; } section { padding: 14px; }
  table.figures tr { display: grid; grid-template-columns: 1fr auto; border-bottom: 1px solid #dde1e5; }
  table.figures td { border: 0; padding-bottom: 0; } table.figures td.d { grid-column: 1 / 3; padding: 0 0 6px; }
}
svg { width: 100%; height: auto; font-size: 12px; display: block; } .muted { color: #626a75; }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""


def page_of(report: Report) -> str:
    """The page as a text."""
    names = [f.recording.name for f in report.faces]
    parts = [
        "<h1>Faces in numbers</h1>",
        _about(len(names)),
        *(f'<p class="muted">{escape(remark)}</p>' for remark in report.remarks),
        *_overview(report.faces),
        *(_groups(report) if report.grouped else []),
        *(pairs(report) if report.compared else []),
        *(_face(face) for face in report.faces if len(report.faces) <= _MOST),
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
        "stands beside its definition and its source; the tables beside this page hold all of them. Actions are "
        "ARKit's, from 0 to 1, the full action; left and right are the person's own. Faces seen in fewer than ten "
        "frames are left out. Numbers say how faces moved, not what people felt.</p>"
    )


def _overview(faces: Sequence[FaceReport]) -> Iterator[str]:
    if len(faces) > _MOST:
        yield from overview.spread(faces, _FIRST)
    elif len(faces) > 1:
        yield overview.one_by_one(faces)


def _face(face: FaceReport) -> str:
    rows = [
        f'<tr><td>{DEFINITIONS[key].title}</td><td class="n">{markup.shown(value)}{markup.unit(key)}</td>'
        f"{markup.defined(key)}</tr>"
        for key in _FIRST
        if (value := face.value(key)) is not None
    ]
    parts = [
        f"<section><h2>{escape(face.recording.name)}</h2>",
        f'<p class="d">{escape(face.recording.made)}</p>' if face.recording.made else "",
        f'<table class="figures">{"".join(rows)}</table>',
        f"<h3>Over time</h3>{_meant()}", markup.chart(_curves(face)),
        *_ranked(face, "range"), *_ranked(face, "speed"), *_sides(face),
        *latencies([face]),
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
    return charts.lines(r.time[::step], series, "time, s", "share of the full action", marks)


def _meant() -> str:
    """What the signals are."""
    texts = [f"{name}: {'the mean of ' if len(of) > 1 else ''}{', '.join(of)}" for name, of in _CURVES.items()]
    return f'<p class="d">{"; ".join(texts)}.</p>'


def _ranked(face: FaceReport, key: str) -> Iterator[str]:
    """The actions with the highest figures."""
    figures = [f for f in face.figures if f.key == key and np.isfinite(f.value)]
    figures = sorted(figures, key=lambda f: -f.value)[:_ACTIONS]
    if figures:
        yield f"<h3>{DEFINITIONS[key].title} of the {len(figures)} strongest actions</h3>{markup.note(key)}"
        yield markup.chart(charts.bars([f.of for f in figures], [f.value for f in figures], markup.unit(key)))


def _sides(face: FaceReport) -> Iterator[str]:
    figures = [f for f in face.figures if f.key == "asymmetry"]
    if figures:
        yield f"<h3>Asymmetry</h3>{markup.note('asymmetry')}"
        values = [(f.value, 0.0, f.value) for f in figures]
        yield markup.chart(charts.intervals([f.of for f in figures], values, "index: the person's right < 0 < left"))


def _groups(report: Report) -> Iterator[str]:
    yield f"<section><h2>Groups</h2>{markup.note('group_effect')}{markup.note('group_q')}"
    shown = report.effects[:20]
    if not shown:
        yield f"<p>{INCOMPARABLE}</p>"
        yield "</section>"
        return
    clear = sum(e.q < _CLEAR for e in report.effects)
    yield (
        f'<p class="d">Of {len(report.effects)} effects, {clear or "none"} {"has" if clear == 1 else "have"} a q below '
        f"{_CLEAR:g}. Here are the {len(shown)} with the lowest p; groups.csv has all. Behind the mean of each group: "
        "the standard deviation over its people, and their number.</p>"
    )
    several = len({e.group for e in report.effects}) > 1
    for unit in dict.fromkeys(_unit_of(e.figure) for e in shown):
        of = [e for e in shown if _unit_of(e.figure) == unit]
        labels = [f"{e.figure}: {e.group}" if several else e.figure for e in of]
        yield markup.chart(charts.intervals(labels, [(e.estimate, e.low, e.high) for e in of], f"difference, {unit}"))
    rows = [
        markup.heads(
            "Figure", "Groups, mean (sd, people)", "Difference", "95 % interval", "p", "q", texts=2, last="Model"
        )
    ]
    for e in shown:
        difference = f"{e.estimate:+.3g} {_unit_of(e.figure)}".replace(" 0..1", "")
        cells = (difference, f"{e.low:.3g} to {e.high:.3g}", f"{e.p:.2g}", f"{e.q:.2g}")
        groups = f"{_spread(e.group, e.of_group)}<br>{_spread(e.reference, e.of_reference)}"
        rows.append(
            f'<tr><td class="w">{escape(e.figure)}</td><td class="w">{groups}</td>'
            + "".join(f'<td class="n">{c}</td>' for c in cells)
            + f"<td>{e.model}, {e.windows} windows</td></tr>"
        )
    yield markup.table("".join(rows)) + "</section>"


def _spread(group: str, of: Spread) -> str:
    return f"{escape(group)} {markup.shown(of.mean)} ({markup.shown(of.sd)}, {of.people})"


def _unit_of(figure: str) -> str:
    """Of a figure of groups.csv, such as `speed jawOpen`."""
    return DEFINITIONS[figure.split()[0]].unit
