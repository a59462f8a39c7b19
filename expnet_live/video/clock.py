"""Times of frames from the timestamps in a file, some of which may be missing, repeated, or wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_AHEAD = 6  # frames used to decide whether a timestamp is wrong


def timed(
    stamped: Iterable[tuple[float | None, T]], step: float, origin: float | None = None
) -> Iterator[tuple[float, T]]:
    """Each item with its time in s, which always increases, counted from `origin` or else from the first timestamp.

    Correct timestamps do not change. A timestamp that is missing, or that later ones contradict, is interpolated
    between its neighbours; if all later ones jump back, they continue from the last time. `step` is the usual interval.
    """
    clock = _Clock(step, origin)
    waiting: deque[tuple[float | None, T]] = deque()
    for item in stamped:
        waiting.append(item)
        if len(waiting) > _AHEAD:
            stamp, thing = waiting.popleft()
            yield clock.time(stamp, [s for s, _ in waiting if s is not None]), thing
    while waiting:
        stamp, thing = waiting.popleft()
        yield clock.time(stamp, [s for s, _ in waiting if s is not None]), thing


class _Clock:
    def __init__(self, step: float, origin: float | None) -> None:
        self._step, self._origin = step, origin
        self._shift = 0.0  # s by which the timestamps jumped back
        self._last: float | None = None

    def time(self, stamp: float | None, ahead: list[float]) -> float:
        """The time of the next frame; `ahead` are the timestamps of the frames after it."""
        self._last = self._first(stamp, ahead) if self._last is None else self._next(self._last, stamp, ahead)
        return self._last

    def _first(self, stamp: float | None, ahead: list[float]) -> float:
        if stamp is None or sum(a < stamp for a in ahead) > len(ahead) / 2:
            stamp = ahead[0] - self._step if ahead else 0.0
        if self._origin is None:
            self._origin = stamp
        return max(0.0, stamp - self._origin)

    def _next(self, last: float, stamp: float | None, ahead: list[float]) -> float:
        assert self._origin is not None
        if stamp is not None:
            if self._shift and stamp - self._origin > last:
                self._shift = 0.0  # the timestamps are right again
            time = stamp - self._origin + self._shift
            following = [a - self._origin + self._shift for a in ahead]
            if time > last and not any(last < a < time for a in following):
                return time
            if time <= last and following and following[0] <= last + self._step / 2 and len(following) > 1:
                self._shift += last + self._step - time
                return last + self._step
        following = [a - self._origin + self._shift for a in ahead]
        behind = min((a for a in following if a > last), default=last + 2 * self._step)
        return last + min(self._step, (behind - last) / 2)
