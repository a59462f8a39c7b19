"""Figures for each action, from predictions and ground truth of each frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array

MOVES = 0.03  # sd of the truth within a clip from which an action counts as moving
_TURNS = (0, 10, 20, 30, 90)  # degrees
_LEAST = 30  # frames that figures are worth telling of


@dataclass(frozen=True)
class ActionFigures:
    """One action: correlation `r`, `gain` (slope of prediction over truth, ideally 1), sd of the truth."""

    name: str
    r: float
    gain: float
    sd: float

    @property
    def moves(self) -> bool:
        return self.sd > MOVES


def figures(said: Array, truth: Array, clip: Array | None = None) -> list[ActionFigures]:
    """The figures of each action in the truth, from predictions `said` and `truth` (T, 52), NaN where unknown; `clip`
    (T,) is each frame's clip, and the means of each clip, over the frames where both are known, are removed first."""
    clip = np.zeros(len(said), int) if clip is None else clip
    both = np.isfinite(said) & np.isfinite(truth)
    said, truth = (_within(np.where(both, values, np.nan), clip) for values in (said, truth))
    result = []
    for i, name in enumerate(ARKIT):
        known = both[:, i]
        if not known.any():
            continue
        s, t = said[known, i], truth[known, i]
        shared, own, other = float(s @ t), float(t @ t), float(s @ s)
        # A network that stays silent while the action moves follows nothing of it: r is 0.
        r = shared / np.sqrt(own * max(other, 1e-12)) if own > 0 else float("nan")
        gain = shared / own if own > 0 else float("nan")
        result.append(ActionFigures(name, r, gain, float(np.sqrt(own / len(t)))))
    return result


def by_turn(said: Array, truth: Array, clip: Array, yaw: Array) -> list[dict[str, float]]:
    """The summary of the frames in which the head is turned that far to either side, `yaw` (T,) in rad, for steps with
    enough frames: its degrees `turned_from` and `turned_to`, `frames`, and as in `summary`. The means of clips are
    those within the step."""
    degrees, found = np.abs(np.degrees(yaw)), []
    for low, high in pairwise(_TURNS):
        there = (degrees >= low) & (degrees < high)
        if there.sum() >= _LEAST:
            step = {"turned_from": float(low), "turned_to": float(high), "frames": float(there.sum())}
            found.append(step | summary(figures(said[there], truth[there], clip[there])))
    return found


def _within(values: Array, clip: Array) -> Array:
    out = np.array(values, np.float64)
    for name in np.unique(clip):
        rows = clip == name
        known = np.isfinite(out[rows])
        sums = np.where(known, out[rows], 0).sum(0)
        out[rows] -= sums / np.maximum(known.sum(0), 1)
    return out


def summary(rows: list[ActionFigures]) -> dict[str, float]:
    """Over the actions that move: their number, mean r, median and smallest gain."""
    moving = [f for f in rows if f.moves]
    if not moving:
        return {"actions": 0.0, "r_mean": float("nan"), "gain_median": float("nan"), "gain_min": float("nan")}
    gains = [f.gain for f in moving]
    return {
        "actions": float(len(moving)),
        "r_mean": float(np.mean([f.r for f in moving])),
        "gain_median": float(np.median(gains)),
        "gain_min": float(min(gains)),
    }


def table(rows: Sequence[ActionFigures | Mapping[str, Any]]) -> str:
    """Text with a line for each action that moves, of figures or of the same as a mapping with more in it."""
    lines = [f"{'action':22s} {'r':>6s} {'gain':>6s} {'sd':>6s}"]
    for row in rows:
        f = asdict(row) if isinstance(row, ActionFigures) else row
        if not f["sd"] > MOVES:
            continue
        line = f"{f['name']:22s} {f['r']:6.2f} {f['gain']:6.2f} {f['sd']:6.3f}"
        if "crosstalk" in f:
            line += f"  cross-talk {f['crosstalk']:.2f}"
        if f.get("loudest"):
            line += f", {f['loudest']} {f['loudness']:.2f}"
        if f.get("onset_ms") is not None:
            line += f"  onset {f['onset_ms']:+.0f} ms"
        lines.append(line)
    return "\n".join(lines)
