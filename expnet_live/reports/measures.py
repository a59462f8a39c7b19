"""Figures of one face: time in frame, blinks, range and speed of its actions, asymmetry. See definitions.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX, MIRROR, SIDED
from expnet_live.core.types import Array
from expnet_live.geometry.rotation import matrix_from_vector, turns
from expnet_live.reports.recordings import GAP, Recording

_TURNED = 0.5  # rad
_CLOSES = 0.35  # of a full closure, above the median
_SHORT, _LONG = 0.05, 0.5  # s of a blink
# s from a frame to the next up to which durations of blinks can be believed: 20 frames a second, and a little less. It
# must not depend on the blinks: without people whose blinks are short, the mean of a group is too long.
_COARSE = 0.051
_AROUND = 0.1  # s, for rates of change
_BLOCK = 20_000  # frames whose rates of change are computed at a time
_BOTH = 0.1  # of both sides together, below which asymmetry means nothing
_ASIDE = 0.2  # rad that a head turns to a side, from which the side that is seen better says more


@dataclass(frozen=True)
class Figure:
    """A number: `key` is its definition's, `of` the action that it is about, or empty."""

    key: str
    value: float
    of: str = ""


@dataclass(frozen=True)
class Blink:
    """A closure of both lids: `time` of its middle, `duration` at half of its height, in s, and `depth` 0..1."""

    time: float
    duration: float
    depth: float

    @property
    def blink(self) -> bool:
        return _SHORT <= self.duration <= _LONG


def figures_of(recording: Recording) -> list[Figure]:
    """All figures of one face."""
    seen, times = recording.seen, recording.time
    found = [
        Figure("duration", float(times[-1] - times[0])),
        Figure("frames", float(len(times))),
        Figure("frame_rate", 1 / recording.step),
        Figure("in_frame", 100 * recording.share(seen, np.ones(len(times), bool))),
        Figure("gaps", float(_gaps(recording))),
        Figure("confidence", float(recording.mean(recording.confidence, seen))),
    ]
    if recording.quality is not None and np.isfinite(recording.quality[seen]).any():
        found.append(Figure("quality", float(recording.mean(recording.quality, seen))))
    if np.isfinite(recording.width[seen]).any():
        found.append(Figure("face_width", float(np.nanmedian(recording.width[seen]))))
    if np.isfinite(recording.rotation[seen]).any():
        known = seen & np.isfinite(recording.rotation).all(1)
        turned = np.zeros(len(times), bool)
        turned[known] = [max(np.abs(turns(r)[:2])) > _TURNED for r in recording.rotation[known]]
        found.append(Figure("turned", 100 * recording.share(turned, known)))
    closures = blinks(recording)
    own = [b for b in closures if b.blink]
    found += [Figure("blinks", float(len(own))), Figure("blink_rate", len(own) / recording.minutes)]
    if own and recording.step <= _COARSE:
        found.append(Figure("blink_duration", 1000 * float(np.median([b.duration for b in own]))))
    found.append(Figure("eyes_shut", sum(b.duration > _LONG for b in closures) / recording.minutes))
    found += actions(recording)
    found += asymmetries(recording)
    return found


def blinks(recording: Recording) -> list[Blink]:
    """The closures of both lids in order, also those that are longer than blinks."""
    lids = np.min(recording.weights[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]], axis=1)
    rest = float(np.nanmedian(lids)) if np.isfinite(lids).any() else 0.0
    found: list[Blink] = []
    # Before each frame, and after the last.
    pause = np.diff(recording.time, prepend=-np.inf, append=np.inf) > _longest(recording)
    peaks = [a + int(np.nanargmax(lids[a:b])) for a, b in runs(recording, lids - rest >= _CLOSES)]
    counted = np.zeros(len(lids), bool)
    for peak in sorted(peaks, key=lambda i: -lids[i]):
        height = float(lids[peak] - rest)
        half = rest + height / 2
        left, right = peak, peak
        while not pause[left] and lids[left - 1] >= half:
            left -= 1
        while not pause[right + 1] and lids[right + 1] >= half:
            right += 1
        if counted[left : right + 1].any():
            continue  # two peaks of one closure, which is that of the higher one
        counted[left : right + 1] = True
        # What happens in a pause of the recording is not known: there, the closure ends with the last frame.
        begins = float(recording.time[left]) if pause[left] else _crossing(recording.time, lids, left, -1, half)
        ends = float(recording.time[right]) if pause[right + 1] else _crossing(recording.time, lids, right, 1, half)
        found.append(Blink((begins + ends) / 2, ends - begins, min(height, 1.0)))
    return sorted(found, key=lambda blink: blink.time)


def _longest(recording: Recording) -> float:
    """s from a frame to the next that are no pause of the recording."""
    return max(GAP, 1.5 * recording.step)


def _crossing(time: Array, values: Array, inside: int, way: int, level: float) -> float:
    """When the values cross `level` between the frame `inside` and the next one that way."""
    outside = inside + way
    if not np.isfinite(values[outside]) or values[inside] == values[outside]:
        return float(time[inside])
    share = (values[inside] - level) / (values[inside] - values[outside])
    return float(time[inside] + share * (time[outside] - time[inside]))


def runs(recording: Recording, on: Array) -> Iterator[tuple[int, int]]:
    """Ranges of frames in which a mask (T,) is true and the face is seen without a gap."""
    index = np.flatnonzero(on & recording.seen)
    breaks = np.flatnonzero((np.diff(index) > 1) | (np.diff(recording.time[index]) > _longest(recording))) + 1
    for part in np.split(index, breaks):
        if len(part):
            yield int(part[0]), int(part[-1]) + 1


def actions(recording: Recording) -> list[Figure]:
    """Range, mean and speed of each action."""
    low, high = ends(recording)
    mean, speed = recording.mean(recording.weights, recording.seen), speeds(recording)
    return [
        figure
        for i, name in enumerate(ARKIT)
        for figure in (
            Figure("mean", float(mean[i]), name),
            Figure("range", float(high[i] - low[i]), name),
            Figure("speed", float(speed[i]), name),
        )
    ]


def ends(recording: Recording) -> tuple[Array, Array]:
    """5th and 95th percentile (52,) of the actions over the time with the face."""
    low, high = _percentiles(recording.weights[recording.seen], recording.spans[recording.seen], (5, 95))
    return low, high


def speeds(recording: Recording) -> Array:
    """95th percentile (52,) over time of the rate of change, by the straight lines that fit 100 ms around each frame
    best."""
    parts = [
        slice(start, end) for start, end in runs(recording, np.isfinite(recording.weights).all(1)) if end - start >= 3
    ]
    if not parts:
        return np.full(len(ARKIT), np.nan)
    slopes = np.concatenate([_slopes(recording.time[part], recording.weights[part]) for part in parts])
    (speed,) = _percentiles(np.abs(slopes), np.concatenate([recording.spans[part] for part in parts]), (95,))
    return np.asarray(speed)


def _percentiles(values: Array, spans: Array, at: Sequence[float]) -> Array:
    """Percentiles (k, n) of values (T, n) that count for `spans` (T,), NaN left out: it is in the middle of its span
    that a value is reached."""
    out = np.full((len(at), values.shape[1]), np.nan)
    for j, column in enumerate(values.T):
        known = np.flatnonzero(np.isfinite(column))
        order = known[np.argsort(column[known])]
        if len(order):
            reached = np.cumsum(spans[order]) - spans[order] / 2
            out[:, j] = np.interp(np.array(at) / 100 * spans[order].sum(), reached, column[order])
    return out


def _slopes(time: Array, values: Array) -> Array:
    """Slopes (T, n) of the least-squares lines through values (T, n), straight between frames, within 50 ms of each
    frame. So they depend little on the frame rate; a line through the frames alone has 67 ms at 30 a second."""
    return np.concatenate([_slopes_at(part, time, values) for part in np.split(time, range(_BLOCK, len(time), _BLOCK))])


def _slopes_at(moments: Array, time: Array, values: Array) -> Array:
    first, last = np.maximum(moments - _AROUND / 2, time[0]), np.minimum(moments + _AROUND / 2, time[-1])
    middle = (first + last) / 2
    begins, ends_ = np.searchsorted(time, first, side="right") - 1, np.searchsorted(time, last)
    moment = np.zeros((len(moments), values.shape[1]))  # the integral of (t - middle) x
    for k in range(int((ends_ - begins).max())):
        i = np.minimum(begins + k, len(time) - 2)
        start, end = np.maximum(time[i], first), np.minimum(time[i + 1], last)
        rise = (values[i + 1] - values[i]) / np.maximum(time[i + 1] - time[i], 1e-9)[:, None]
        x, y = (values[i] + (at - time[i])[:, None] * rise for at in (start, end))
        # Where x is straight, Simpson's rule is exact.
        u, v = ((at - middle)[:, None] for at in (start, end))
        sixth = np.where(begins + k < ends_, end - start, 0.0)[:, None] / 6
        moment += sixth * (u * x + (u + v) * (x + y) + v * y)
    return np.asarray(12 * moment / ((last - first) ** 3)[:, None])


def asymmetries(recording: Recording) -> list[Figure]:
    found = []
    known = np.isfinite(recording.rotation).all(1)
    pose = matrix_from_vector(np.where(known[:, None], recording.rotation, 0.0))
    # Where the camera is in the head's frame does not depend on its roll; what is not known counts.
    ahead = recording.seen & (np.abs(np.arctan2(pose[:, 2, 0], pose[:, 2, 2])) < _ASIDE)
    for name in SIDED:
        left = recording.weights[:, INDEX[name]]
        right = recording.weights[:, MIRROR[INDEX[name]]]
        both = left + right
        strong = ahead & (both > _BOTH)
        if strong.sum() >= 5:
            index = float(recording.mean((left - right) / np.where(strong, both, 1.0), strong))
            found.append(Figure("asymmetry", index, name.removesuffix("Left")))
    return found


def _gaps(recording: Recording) -> int:
    away, count, was = 0.0, 0, False
    for seen, step in zip(recording.seen, np.diff(recording.time, append=recording.time[-1]), strict=True):
        if seen:
            count += was and away >= GAP
            was, away = True, 0.0
        else:
            away += float(step)
    return count
