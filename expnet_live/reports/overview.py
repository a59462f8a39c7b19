"""What a report's page tells about all faces together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from expnet_live.core.types import Array
from expnet_live.reports import charts, markup
from expnet_live.reports.definitions import DEFINITIONS
from expnet_live.reports.latencies import latencies
from expnet_live.reports.report import FaceReport

_KEYS = ("duration", "in_frame", "quality", "blink_rate", "blink_duration")
_PERCENTILES = (5, 25, 50, 75, 95)
_ACTIONS = 12  # strongest ones in a figure
_DOUBTFUL = 20  # faces


def one_by_one(faces: Sequence[FaceReport]) -> str:
    """A line for each face."""
    return f"<section><h2>All faces</h2>{_lines(faces)}{''.join(map(markup.note, _KEYS))}</section>"


def spread(faces: Sequence[FaceReport], keys: Sequence[str]) -> Iterator[str]:
    """How the figures `keys` and those of actions are spread over many faces, and the faces that are hardest to
    believe."""
    yield (
        f"<section><h2>All faces</h2><p>{len(faces)} faces are too many to show one by one, so here is how their "
        "figures are spread over them: in half of the faces a figure is at most the number below 50 %. figures.csv "
        "holds all figures of each face, and reports of fewer recordings show each one.</p>"
    )
    rows = [markup.heads("Figure", "Faces", *(f"{p} %" for p in _PERCENTILES))]
    for key in keys:
        values = [v for face in faces if (v := face.value(key)) is not None and v == v]
        if values:
            cells = [markup.shown(float(v)) for v in np.percentile(values, _PERCENTILES)]
            rows.append(markup.row([_titled(key)], [str(len(values)), *cells]))
    yield markup.table("".join(rows)) + "".join(map(markup.note, keys))
    for key in ("range", "speed"):
        quartiles = _quartiles(faces, key)
        names = sorted(quartiles, key=lambda name: -quartiles[name][1])[:_ACTIONS]
        yield f"<h3>{DEFINITIONS[key].title} of the {len(names)} strongest actions: medians</h3>{markup.note(key)}"
        yield markup.chart(charts.bars(names, [float(quartiles[n][1]) for n in names], markup.unit(key)))
    sides = _quartiles(faces, "asymmetry")
    if sides:
        yield f"<h3>Asymmetry: medians and quartiles</h3>{markup.note('asymmetry')}"
        middles = [(float(middle), float(low), float(high)) for low, middle, high in sides.values()]
        yield markup.chart(charts.intervals([*sides], middles, "index: the person's right < 0 < left"))
    yield from latencies(faces)
    doubtful = sorted(faces, key=lambda f: (f.value("in_frame") or 0.0) * (f.value("quality") or 0.0))[:_DOUBTFUL]
    yield f"<h3>The {len(doubtful)} faces with the least time in frame times quality</h3>{_lines(doubtful)}</section>"


def _quartiles(faces: Sequence[FaceReport], key: str) -> dict[str, Array]:
    """By action, those (3,) of a figure over the faces that have it."""
    told: dict[str, list[float]] = {}
    for figure in (f for face in faces for f in face.figures if f.key == key and np.isfinite(f.value)):
        told.setdefault(figure.of, []).append(figure.value)
    return {action: np.percentile(values, [25, 50, 75]) for action, values in told.items()}


def _lines(faces: Sequence[FaceReport]) -> str:
    rows = [
        markup.row([escape(face.recording.name)], [markup.shown(face.value(key)) for key in _KEYS]) for face in faces
    ]
    return markup.table(markup.heads("Face", *map(_titled, _KEYS)) + "".join(rows))


def _titled(key: str) -> str:
    d = DEFINITIONS[key]
    return f"{d.title} ({d.unit})" if d.unit else d.title
