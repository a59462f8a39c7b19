"""Pieces of a report's page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from expnet_live.reports import charts
from expnet_live.reports.definitions import DEFINITIONS


def table(rows: str) -> str:
    """A table that scrolls where the screen is narrow."""
    return f'<div class="wide"><table>{rows}</table></div>'


def chart(svg: str) -> str:
    return f'<div class="wide">{svg}</div>'


def heads(*names: str, texts: int = 1, last: str = "") -> str:
    """A head row: the first `texts` columns hold texts, the others numbers, and `last` texts again."""
    cells = [f"<th>{n}</th>" if i < texts else f'<th class="n">{n}</th>' for i, n in enumerate(names)]
    return f"<tr>{''.join(cells)}{f'<th>{last}</th>' if last else ''}</tr>"


def row(texts: Sequence[str], numbers: Sequence[str]) -> str:
    """A row of a table: texts are HTML."""
    cells = [*(f"<td>{t}</td>" for t in texts), *(f'<td class="n">{n}</td>' for n in numbers)]
    return f"<tr>{''.join(cells)}</tr>"


def defined(key: str) -> str:
    d = DEFINITIONS[key]
    return f'<td class="d">{escape(d.text)} <span class="src">Source: {escape(d.source)}.</span></td>'


def note(key: str) -> str:
    d = DEFINITIONS[key]
    return f'<p class="d"><b>{d.title}.</b> {escape(d.text)} <span class="src">Source: {escape(d.source)}.</span></p>'


def unit(key: str) -> str:
    of = DEFINITIONS[key].unit
    return "" if of in ("", "0..1") else f" {of}"


def shown(value: float | None) -> str:
    return "–" if value is None or value != value else charts.shown(value)
