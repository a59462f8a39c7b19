"""How long after a marker an action sets in. See definitions.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array
from expnet_live.reports.recordings import GAP, Recording

_BEFORE, _AFTER, _LASTS = 1.0, 3.0, 0.1  # s
_DEVIATIONS, _LEAST = 3.0, 0.1
_FEWEST = 5  # frames before a marker
_MOMENTS, _FEW_MOMENTS = 200, 20  # without a marker

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "mouth open": ("jawOpen",),
    "brows up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows down": ("browDownLeft", "browDownRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "pucker": ("mouthPucker",),
    "nose wrinkle": ("noseSneerLeft", "noseSneerRight"),
    "eyes wide": ("eyeWideLeft", "eyeWideRight"),
}


@dataclass(frozen=True)
class Response:
    """The onset of an action after a marker: `latency` in s, None if there was none; `time` is the marker's, s."""

    label: str
    time: float
    action: str
    latency: float | None


def responses(recording: Recording) -> list[Response]:
    """Of each action after each marker of the recording around which the face is seen."""
    found = []
    for marker in recording.markers:
        for action, names in ACTIONS.items():
            values = np.mean(recording.weights[:, [INDEX[n] for n in names]], axis=1)
            before = _within(recording, marker.time - _BEFORE, marker.time)
            if np.isfinite(values[before]).sum() >= _FEWEST:
                latency = onset(recording.time, values, marker.time)
                found.append(Response(marker.label, marker.time, action, latency))
    return found


def by_chance(recording: Recording) -> dict[str, float]:
    """The share, 0..1, of moments without a marker that an onset of each action follows; empty with too few moments."""
    start, end = float(recording.time[0]) + _BEFORE, float(recording.time[-1]) - _AFTER
    moments = np.linspace(start, end, _MOMENTS) if end > start else np.zeros(0)
    for marker in recording.markers:
        moments = moments[np.abs(moments - marker.time) >= _AFTER]
    seen = [float(t) for t in moments if _within(recording, t - _BEFORE, t).sum() >= _FEWEST]
    if len(seen) < _FEW_MOMENTS:
        return {}
    shares = {}
    for action, names in ACTIONS.items():
        values = np.mean(recording.weights[:, [INDEX[n] for n in names]], axis=1)
        shares[action] = float(np.mean([onset(recording.time, values, t) is not None for t in seen]))
    return shares


def onset(time: Array, values: Array, at: float) -> float | None:
    """s from `at` to the onset of values (T,) at `time` (T,), interpolated between frames, or None. What sets in while
    nothing is known for more than GAP has no onset that is known."""
    before = values[(time >= at - _BEFORE) & (time < at)]
    before = before[np.isfinite(before)]
    if len(before) < _FEWEST:
        return None
    level = float(before.mean() + max(_DEVIATIONS * before.std(), _LEAST))
    after = np.flatnonzero((time >= at) & (time <= at + _AFTER))
    start: int | None = None
    known, hidden = float(time[(time < at) & np.isfinite(values)][-1]), False
    for i in after:
        if not np.isfinite(values[i]):
            start = None
            continue
        lost, known = time[i] - known > GAP, float(time[i])
        if values[i] < level:
            start, hidden = None, False
            continue
        hidden |= lost
        if hidden:
            start = None
            continue
        start = int(i) if start is None else start
        if time[i] - time[start] >= _LASTS - 1e-9:
            return max(_between(time, values, start, level) - at, 0.0)
    return None


def _between(time: Array, values: Array, i: int, level: float) -> float:
    if i == 0 or not np.isfinite(values[i - 1]) or values[i - 1] >= level:
        return float(time[i])
    share = (level - values[i - 1]) / (values[i] - values[i - 1])
    return float(time[i - 1] + share * (time[i] - time[i - 1]))


def _within(recording: Recording, start: float, end: float) -> Array:
    return np.asarray((recording.time >= start) & (recording.time < end) & recording.seen)
