"""What gestures are read from: the actions and the head of one moment, relative to the person's own rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.geometry.rotation import turns

_SIDES = ("Left", "Right")
HEAD = slice(N_BLENDSHAPES, N_BLENDSHAPES + 3)  # yaw, pitch, roll in rad
N_VALUES = N_BLENDSHAPES + 3


def values_of(weights: Array, rotation: Array) -> Array:
    """What a face does, (55,): weights (52,) 0..1, and yaw, pitch and roll in rad of the head's `rotation` (3,)."""
    return np.concatenate([weights, turns(rotation)]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Look:
    """A face at `time` (s): `change` (55,) is by how much its values differ from its rest, `swing` (2,) how far the
    head has just swung to and fro, in rad: see `Swings`; `shut` is `eyeBlink` in the person's blinks: see `Lids`."""

    time: float
    change: Array
    swing: tuple[float, float] = (0.0, 0.0)
    shut: float = 1.0

    def of(self, name: str) -> float:
        """An action, or the mean of both sides for a name without its side, such as `mouthSmile`."""
        index = INDEX.get(name)
        if index is not None:
            return float(self.change[index])
        left, right = (INDEX[name + side] for side in _SIDES)
        return float(self.change[left] + self.change[right]) / 2

    def both(self, name: str) -> float:
        """The weaker of the two sides."""
        return min(float(self.change[INDEX[name + side]]) for side in _SIDES)

    @property
    def head(self) -> Array:
        """Yaw, pitch, roll (3,), rad."""
        return self.change[HEAD]


class Rest:
    """The median of a face's values over the last half minute. A gesture takes less than half of that."""

    _STEP, _SPAN = 0.2, 30.0  # s
    _LEAST = 1.5  # s until the rest is known

    def __init__(self) -> None:
        self._seen: deque[Array] = deque(maxlen=round(self._SPAN / self._STEP))
        self._last = -np.inf
        self._rest: Array | None = None

    def add(self, time: float, values: Array) -> None:
        """Take the values (55,) of a moment in which nothing else is known to happen."""
        if time - self._last < self._STEP:
            return
        self._last = time
        self._seen.append(values)
        if len(self._seen) >= self._LEAST / self._STEP:
            self._rest = np.median(self._seen, axis=0)

    def change(self, values: Array) -> Array | None:
        """By how much values (55,) differ from the rest, or None while it is unknown."""
        return None if self._rest is None else values - self._rest


class Steady:
    """The median of a face's values over the last 0.08 s, so that no single frame counts: what the network says of a
    face of 28 px trembles from frame to frame by half of a gesture. Unlike a mean, a median keeps the edges."""

    SPAN = 0.08  # s

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Array]] = deque()

    def add(self, time: float, values: Array) -> tuple[float, Array]:
        """The moment (s) that the median is of, in the middle of the span, and the median (55,)."""
        self._seen.append((time, values))
        while time - self._seen[0][0] > self.SPAN + 1e-6:
            self._seen.popleft()
        return float(np.median([t for t, _ in self._seen])), np.median([v for _, v in self._seen], axis=0)


class Lids:
    """How far the eyes shut in this person's ordinary blinks, 0..1: the upper quartile of the last ten.

    Blinks fade where a face is small, to 0.7 at 28 px; lids that follow a glance down reach 0.6 in a large face. So
    whether eyes are shut is seen beside the person's own blinks alone.
    """

    _OPEN, _LONGEST, _KEPT = 0.25, 0.4, 10  # of `eyeBlink`; s
    _USUAL, _LEAST = 0.8, 0.6  # before the first blink; of eyes that shut hardly

    def __init__(self) -> None:
        self._peaks: deque[float] = deque(maxlen=self._KEPT)
        self._since: float | None = None
        self._peak = 0.0

    def add(self, time: float, closed: float) -> float:
        """How far, up to now; `closed` is `eyeBlink` of the eye that is open wider, above rest."""
        if closed > self._OPEN:
            self._peak = closed if self._since is None else max(self._peak, closed)
            self._since = time if self._since is None else self._since
        elif self._since is not None:
            if time - self._since < self._LONGEST:
                self._peaks.append(self._peak)
            self._since = None
        return max(float(np.quantile(self._peaks, 0.75)), self._LEAST) if self._peaks else self._USUAL


class Swings:
    """How far a head swings to and fro: the weakest of three swings of yaw, and of pitch, in rad.

    They are a nod or a shake if they follow each other within 1.4 s, none takes more than 2.2 times as long as another,
    and the head's other two angles move by less than half of the weakest. Heads that sway as people talk do so slowly,
    unevenly and about all axes.
    """

    _SPAN, _SWINGS = 1.4, 3  # s that they take at most
    _LEAST = 0.03  # rad: less is no swing
    _UNEVEN, _ASKEW = 2.2, 0.5

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Array]] = deque()

    def add(self, time: float, head: Array) -> tuple[float, float]:
        """Of yaw and of pitch, up to now; `head` (3,) is yaw, pitch, roll."""
        self._seen.append((time, head))
        while time - self._seen[0][0] > self._SPAN:
            self._seen.popleft()
        times = [moment for moment, _ in self._seen]
        angles = np.array([angle for _, angle in self._seen])
        return self._weakest(times, angles, 0), self._weakest(times, angles, 1)

    def _weakest(self, times: Sequence[float], angles: Array, axis: int) -> float:
        corners = self._corners(angles[:, axis].tolist())
        others = np.delete(angles, axis, axis=1)
        best = 0.0
        for i in range(len(corners) - self._SWINGS):
            at = corners[i : i + self._SWINGS + 1]
            lasts = [times[b] - times[a] for a, b in pairwise(at)]
            weakest = min(abs(float(angles[b, axis] - angles[a, axis])) for a, b in pairwise(at))
            across = float(np.ptp(others[at[0] : at[-1] + 1], axis=0).max())
            if max(lasts) <= self._UNEVEN * min(lasts) and across <= self._ASKEW * weakest:
                best = max(best, weakest)
        return best

    def _corners(self, angles: Sequence[float]) -> list[int]:
        """The moments in which the head turns back, and the newest one."""
        corners, way = [0], 0.0  # the way it goes since the last corner
        for i, angle in enumerate(angles):
            step = angle - angles[corners[-1]]
            if step * way > 0:
                corners[-1] = i
            elif abs(step) > self._LEAST:
                corners.append(i)
                way = step
            elif not way:
                corners[-1] = i  # it has not moved yet
        return corners


class Looks:
    """Makes looks of the values of each moment, in order of time, once the rest is known."""

    def __init__(self) -> None:
        self._rest, self._lids = Rest(), Lids()
        self._steady, self._swings = Steady(), Swings()

    def add(self, time: float, values: Array, *, resting: bool = True) -> Look | None:
        """The newest look, of just before `time` (s); `values` (55,) join the rest if the face is `resting`."""
        swing = self._swings.add(time, values[HEAD])
        moment, steady = self._steady.add(time, values)
        if resting:
            self._rest.add(time, values)
        change = self._rest.change(steady)
        if change is None:
            return None
        look = Look(moment, change, swing)
        return replace(look, shut=self._lids.add(moment, look.both("eyeBlink")))

    def interrupt(self) -> None:
        """Forget the last moments, because the face was gone; what is known of the person stays."""
        self._steady, self._swings = Steady(), Swings()
