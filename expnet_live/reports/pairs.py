"""The section of a report's page on pairs of faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from expnet_live.reports import charts, markup
from expnet_live.reports.report import UNPAIRED, Report
from expnet_live.reports.synchrony import SIGNALS, Synchrony

_MOST = 50  # pairs that are shown one by one
_CHANCE = 0.05  # p


def pairs(report: Report) -> Iterator[str]:
    notes = "".join(map(markup.note, ("synchrony", "synchrony_lag", "synchrony_p")))
    signals = "; ".join(f"{name}: {', '.join(of)}" for name, of in SIGNALS.items())
    yield (
        f'<section><h2>Synchrony</h2>{notes}<p class="d">Signals are the means of actions ({signals}), and the speed '
        "of the head's turning.</p>"
    )
    if not report.pairs:
        yield f"<p>{UNPAIRED}</p>"
    by_pair: dict[tuple[str, str], list[Synchrony]] = {}
    for s in report.pairs:
        by_pair.setdefault((s.first, s.second), []).append(s)
    if len(by_pair) > _MOST:
        yield _all(report.pairs, len(by_pair))
    else:
        for (first, second), mine in by_pair.items():
            yield f"<h3>{escape(first)} and {escape(second)}</h3>{_pair(mine)}"
    yield "</section>"


def _pair(mine: Sequence[Synchrony]) -> str:
    rows = [markup.heads("Signal", "r", "Lag (s)", "p", "Windows")]
    for s in mine:
        p = "–" if s.p != s.p else f"{s.p:.3f}"
        rows.append(markup.row([s.signal], [f"{s.r:.2f}", f"{s.lag:+.1f}", p, str(s.windows)]))
    curves = [(s.signal, s.curve) for s in mine]
    return markup.table("".join(rows)) + markup.chart(charts.lines(mine[0].lags, curves, "lag, s", "mean correlation"))


def _all(found: Sequence[Synchrony], count: int) -> str:
    """How the pairs are spread, signal by signal."""
    rows = [
        markup.heads(
            "Signal", "Pairs", "Median r", "Quartiles of r", "Median lag (s)", "Pairs with p", f"p ≤ {_CHANCE:g}"
        )
    ]
    for signal in dict.fromkeys(s.signal for s in found):
        mine = [s for s in found if s.signal == signal]
        low, middle, high = np.percentile([s.r for s in mine], [25, 50, 75])
        p = np.array([s.p for s in mine if s.p == s.p])
        share = f"{100 * (p <= _CHANCE).mean():.0f} %" if len(p) else "–"
        lag = f"{np.median([s.lag for s in mine]):+.1f}"
        cells = [str(len(mine)), f"{middle:.2f}", f"{low:.2f} to {high:.2f}", lag, str(len(p)), share]
        rows.append(markup.row([signal], cells))
    return (
        f"<p>These are {count} pairs, too many to show one by one; synchrony.csv holds them. By chance, p is at most "
        f"{_CHANCE:g} in {100 * _CHANCE:g} % of the pairs.</p>{markup.table(''.join(rows))}"
    )
