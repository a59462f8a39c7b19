"""Synchrony of two faces: windowed lagged correlation with a surrogate test. See definitions.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from expnet_live.core.arkit import INDEX
from expnet_live.core.types import Array
from expnet_live.geometry.rotation import matrix_from_vector, vector_from_matrix
from expnet_live.reports.recordings import Recording

RATE = 10.0  # per second, at which both faces are compared
_WINDOW, _STEP, _LAG = 8.0, 2.0, 2.0  # s
_SURROGATES, _SEED = 199, 20
_FEWEST = 19  # surrogates, below which p cannot be .05
_LEAST_SHIFT = 2 * _LAG
_MOST = 300  # windows
_LEAST = 0.6  # of a window, in which both must be seen
_FLAT = 1e-3  # sd: less is no movement
_MOST_Z = 3.0  # of Fisher's z, at which r is .995

SIGNALS: Mapping[str, tuple[str, ...]] = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "jaw": ("jawOpen",),
    "brows up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows down": ("browDownLeft", "browDownRight"),
}
HEAD = "head movement"


@dataclass(frozen=True, eq=False)
class Synchrony:
    """Of one signal: `r` and the lag in s of the pair, the test's `p`, the number of windows, and the mean correlation
    `curve` (L,) at the lags `lags` (L,) in s. Above 0, the second face follows the first.
    """

    signal: str
    first: str
    second: str
    r: float
    lag: float
    p: float
    windows: int
    lags: Array
    curve: Array


def synchronies(one: Recording, other: Recording) -> list[Synchrony]:
    """Of every signal that moves in both faces. Those of one recording share a clock; those of two count each from its
    first frame."""
    if one.source != other.source:
        one, other = (replace(r, time=r.time - r.time[0]) for r in (one, other))
    start, end = max(one.time[0], other.time[0]), min(one.time[-1], other.time[-1])
    if end - start < 2 * _WINDOW:
        return []
    times = np.arange(start, end, 1 / RATE)
    found = []
    for name in (*SIGNALS, HEAD):
        pair = np.array([_resampled(r.time, _signal(r, name), times) for r in (one, other)])
        measured = measure(*pair)
        if measured is not None:
            r, lag, p, windows, curve = measured
            found.append(Synchrony(name, one.name, other.name, r, lag, p, windows, _lags() / RATE, curve))
    return found


def measure(a: Array, b: Array) -> tuple[float, float, float, int, Array] | None:
    """r, lag (s), p, the number of windows and the mean correlation at each lag, of two signals (T,) at RATE; None if
    there are fewer than two windows in which both move. p is NaN if there are too few surrogates."""
    windows = _windows(a, b)
    found = _correlations(a, b, windows)
    if len(found) < 2:
        return None
    r = _peak(found)
    curve = np.tanh(_mean(_z(found)))
    lag = float(_lags()[int(np.nanargmax(curve))] / RATE)
    rng = np.random.default_rng(_SEED)
    least = round(_LEAST_SHIFT * RATE)
    shifts = rng.integers(least, max(len(a) - least, least + 1), _SURROGATES)
    # A shift that leaves nothing to compare says nothing against the pair.
    surrogates = [_correlations(a, np.roll(b, int(s)), _beside(windows, int(s))) for s in shifts]
    peaks = np.array([_peak(s) for s in surrogates if len(s)])
    p = float((1 + (peaks >= r).sum()) / (1 + len(peaks))) if len(peaks) >= _FEWEST else float("nan")
    return r, lag, p, len(found), curve


def _beside(windows: Array, seam: int) -> Array:
    """The windows that do not reach over the sample where the end of a shifted signal meets its beginning: no face
    jumps like that, so they are less alike than others."""
    reach, size = round(_LAG * RATE), round(_WINDOW * RATE)
    kept: Array = windows[(windows - reach >= seam) | (windows + size + reach <= seam)]
    return kept


def _lags() -> Array:
    most = round(_LAG * RATE)
    return np.arange(-most, most + 1)


def _windows(a: Array, b: Array) -> Array:
    """The first samples of the windows."""
    reach = round(_LAG * RATE)
    starts = np.arange(reach, len(a) - round(_WINDOW * RATE) - reach + 1, round(_STEP * RATE))
    return starts if len(starts) <= _MOST else starts[np.linspace(0, len(starts) - 1, _MOST).astype(int)]


def _correlations(a: Array, b: Array, windows: Array) -> Array:
    """Correlations (W, L) of windows of `a` with those of `b` that come later by each lag, where both move."""
    size, lags, n = round(_WINDOW * RATE), _lags(), len(a)
    if not len(windows):
        return np.empty((0, len(lags)))
    place = np.arange(n) + lags[:, None]  # (L, T)
    later = np.where((place >= 0) & (place < n), b[np.clip(place, 0, n - 1)], np.nan)
    known = np.isfinite(a) & np.isfinite(later)
    x, y = np.where(known, a, 0.0), np.where(known, later, 0.0)

    def sums(values: Array) -> Array:
        """Of each window (L, W), by running sums."""
        running = np.concatenate([np.zeros((len(lags), 1)), np.cumsum(values, axis=1)], axis=1)
        return np.asarray(running[:, windows + size] - running[:, windows])

    count = np.maximum(sums(known.astype(float)), 1)
    mx, my = sums(x) / count, sums(y) / count
    vx, vy, xy = sums(x * x) / count - mx**2, sums(y * y) / count - my**2, sums(x * y) / count - mx * my
    good = (count >= _LEAST * size) & (vx > _FLAT**2) & (vy > _FLAT**2)
    r = np.where(good, xy / np.sqrt(np.maximum(vx * vy, 1e-18)), np.nan).T
    kept: Array = r[np.isfinite(r).any(1)]
    return kept


def _z(r: Array) -> Array:
    return np.clip(np.arctanh(np.clip(r, -0.9999, 0.9999)), -_MOST_Z, _MOST_Z)


def _peak(r: Array) -> float:
    """The mean over windows of their highest correlation."""
    return float(np.tanh(np.mean(np.nanmax(_z(r), axis=1))))


def _mean(z: Array) -> Array:
    known = np.isfinite(z)
    return np.where(known.any(0), np.where(known, z, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)


def _signal(recording: Recording, name: str) -> Array:
    if name == HEAD:
        known = np.isfinite(recording.rotation).all(1)
        pose = matrix_from_vector(np.where(known[:, None], recording.rotation, 0.0))
        # From one frame to the next about any axis, so that it does not depend on how the camera is turned.
        turned = np.linalg.norm(vector_from_matrix(pose[1:] @ pose[:-1].swapaxes(1, 2)), axis=1)
        speed = np.full(len(known), np.nan)
        speed[1:] = np.where(known[1:] & known[:-1], turned / np.maximum(np.diff(recording.time), 1e-3), np.nan)
        return speed
    return np.asarray(np.mean(recording.weights[:, [INDEX[n] for n in SIGNALS[name]]], axis=1))


def _resampled(time: Array, values: Array, at: Array) -> Array:
    """Linear between frames, NaN where the nearest frame is more than half a second away or without a value."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return np.full(len(at), np.nan)
    out = np.interp(at, time[known], values[known])
    place = np.clip(np.searchsorted(time[known], at), 1, known.sum() - 1)
    near = np.minimum(np.abs(time[known][place] - at), np.abs(time[known][place - 1] - at))
    return np.where(near <= 0.5, out, np.nan)
