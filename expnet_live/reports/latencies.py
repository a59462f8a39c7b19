"""What a report's page tells about latencies after markers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from expnet_live.reports import markup
from expnet_live.reports.report import FaceReport

_QUARTILES = 4  # latencies at least
_LABELS = 50  # different markers


def latencies(faces: Sequence[FaceReport]) -> Iterator[str]:
    """Of one face, or of several together; empty where there are no markers."""
    answers: dict[tuple[str, str], list[float | None]] = {}
    labels: Counter[str] = Counter()
    for response in (r for face in faces for r in face.responses):
        answers.setdefault((response.label, response.action), []).append(response.latency)
        labels[response.label] += 1
    if not answers:
        return
    yield f"<h3>After markers</h3>{''.join(map(markup.note, ('latency', 'responses', 'chance')))}"
    shown = {label for label, _ in labels.most_common(_LABELS)}
    if len(labels) > len(shown):
        yield f"<p>These are the {len(shown)} most frequent of {len(labels)} markers; latencies.csv has all.</p>"
    chances = _chances(faces)
    rows = [
        markup.heads("Marker", "Action", "Responses", "By chance", "Median latency (ms)", "Quartiles (ms)", texts=2)
    ]
    for (label, action), mine in answers.items():
        late = [1000 * latency for latency in mine if latency is not None]
        if label in shown and late:
            low, middle, high = np.percentile(late, [25, 50, 75])
            spread = f"{low:.0f} to {high:.0f}" if len(late) >= _QUARTILES else "–"
            likely = f"{chances[action]:.0f} %" if action in chances else "–"
            rows.append(
                markup.row([escape(label), action], [f"{len(late)} of {len(mine)}", likely, f"{middle:.0f}", spread])
            )
    yield markup.table("".join(rows)) if len(rows) > 1 else "<p>No action followed a marker.</p>"


def _chances(faces: Sequence[FaceReport]) -> dict[str, float]:
    """By action, in per cent: the mean over the faces that tell it."""
    told: dict[str, list[float]] = {}
    for figure in (f for face in faces for f in face.figures if f.key == "chance"):
        told.setdefault(figure.of, []).append(figure.value)
    return {action: float(np.mean(shares)) for action, shares in told.items()}
