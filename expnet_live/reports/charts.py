"""Small figures as inline SVG: bars, lines, points with intervals. They need no script and no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from expnet_live.core.types import Array

INK, MUTED, GRID, FILL = "#1b1e23", "#626a75", "#dde1e5", "#0a796e"
COLORS = (FILL, "#b64f00", "#3560d0", "#be2143", "#7538af", "#4c7a10")  # of curves and their names
_WIDE = 640
_LETTER = 6.6  # of the widest usual fonts at 12 px


def bars(labels: Sequence[str], values: Sequence[float], unit: str = "", most: float | None = None) -> str:
    """Horizontal bars, with their values beside them."""
    row, left, right = 20, 190, 70
    top = most or max([*values, 1e-9])
    height = row * len(labels) + 8
    parts = []
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        y, width = 4 + i * row, max((_WIDE - left - right) * min(value / top, 1.0), 1.0)
        parts.append(_text(left - 8, y + 13, label, "end", INK))
        parts.append(f'<rect x="{left}" y="{y + 3}" width="{width:.1f}" height="13" rx="3" fill="{FILL}"/>')
        parts.append(_text(left + width + 6, y + 13, f"{shown(value)}{unit}", "start", MUTED))
    return _svg(_WIDE, height, parts)


def lines(
    x: Array, series: Sequence[tuple[str, Array]], x_label: str, y_label: str, marks: Sequence[tuple[float, str]] = ()
) -> str:
    """Curves over one axis, with gaps where values are NaN, and labelled vertical marks."""
    height, left, top, bottom = 190, 52, 24, 34
    finite = np.concatenate([v[np.isfinite(v)] for _, v in series]) if series else np.zeros(0)
    if not len(finite) or not len(x):
        return ""
    low, high = min(0.0, float(finite.min())), max(float(finite.max()), 1e-6)
    x0, x1 = float(x[0]), float(x[-1]) if x[-1] > x[0] else float(x[0]) + 1

    def px(v: float) -> float:
        return left + (_WIDE - left - 10) * (v - x0) / (x1 - x0)

    def py(v: float) -> float:
        return top + (height - top - bottom) * (1 - (v - low) / (high - low))

    parts = []
    for tick in _ticks(low, high):
        parts.append(f'<line x1="{left}" x2="{_WIDE - 10}" y1="{py(tick):.1f}" y2="{py(tick):.1f}" stroke="{GRID}"/>')
        parts.append(_text(left - 6, py(tick) + 4, f"{tick:g}", "end", MUTED))
    for tick in _ticks(x0, x1):
        parts.append(_text(px(tick), height - bottom + 16, f"{tick:g}", "middle", MUTED))
    shown = sorted(m for m in marks if x0 <= m[0] <= x1)
    ends = [*(at for at, _ in shown[1:]), x1]
    for (at, label), after in zip(shown, ends, strict=False):
        parts.append(f'<line x1="{px(at):.1f}" x2="{px(at):.1f}" y1="{top}" y2="{height - bottom}" stroke="{MUTED}" '
                     f'stroke-dasharray="3 3"/>')  # fmt: skip
        parts.append(_text(px(at) + 3, top + 10, _short(label, px(after) - px(at) - 6), "start", MUTED))
    for i, (name, values) in enumerate(series):
        color = COLORS[i % len(COLORS)]
        for part in _pieces(values):
            points = " ".join(f"{px(float(x[k])):.1f},{py(float(values[k])):.1f}" for k in part)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.4"/>')
        parts.append(_text(left + 120 * i, 13, name, "start", color))
    parts.append(_text(_WIDE - 10, height - 4, x_label, "end", MUTED))
    parts.append(_text(left, height - 4, f"vertical: {y_label}", "start", MUTED))
    return _svg(_WIDE, height, parts)


def intervals(labels: Sequence[str], values: Sequence[tuple[float, float, float]], x_label: str = "") -> str:
    """Points with intervals (estimate, low, high) around 0; what they measure is the `x_label`."""
    row, left = 22, 220
    reach = max([abs(v) for triple in values for v in triple if np.isfinite(v)] + [1e-9]) * 1.05
    height = row * len(labels) + 42

    def px(v: float) -> float:
        return left + (_WIDE - left - 20) * (v / reach + 1) / 2

    parts = [f'<line x1="{px(0):.1f}" x2="{px(0):.1f}" y1="0" y2="{height - 36}" stroke="{MUTED}"/>']
    for i, (label, (value, low, high)) in enumerate(zip(labels, values, strict=True)):
        y = 12 + i * row
        parts.append(_text(left - 8, y + 4, _short(label, left - 10), "end", INK))
        parts.append(
            f'<line x1="{px(low):.1f}" x2="{px(high):.1f}" y1="{y}" y2="{y}" stroke="{FILL}" stroke-width="2"/>'
        )
        parts.append(f'<circle cx="{px(value):.1f}" cy="{y}" r="4" fill="{FILL}"/>')
    for tick in _ticks(-reach, reach):
        parts.append(_text(px(tick), height - 20, f"{tick:g}", "middle", MUTED))
    parts.append(_text(_WIDE - 20, height - 4, x_label, "end", MUTED))
    return _svg(_WIDE, height, parts)


def shown(value: float) -> str:
    """At least three figures, so that numbers below each other are as exact; a whole number as it is."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:#.3g}"


def _pieces(values: Array) -> list[Array]:
    index = np.flatnonzero(np.isfinite(values))
    return [p for p in np.split(index, np.flatnonzero(np.diff(index) > 1) + 1) if len(p)]


def _ticks(low: float, high: float) -> list[float]:
    """About four round numbers between them."""
    raw = (high - low) / 4
    size = 10 ** np.floor(np.log10(raw))
    step = float(min((m * size for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw)))
    return [float(f"{t:.6g}") + 0.0 for t in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]


def _short(text: str, width: float) -> str:
    """As much of it as fits into that width."""
    most = int(width / _LETTER)
    return text if len(text) <= most else f"{text[: most - 1]}…" if most > 2 else ""


def _text(x: float, y: float, text: str, anchor: str, color: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'style="max-width:{1.25 * width:.0f}px">{"".join(parts)}</svg>'
    )
