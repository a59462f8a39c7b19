"""Finds gestures in the looks of one person, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from expnet_live.core.types import Array
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.look import Look, Looks, Steady
from expnet_live.gestures.rule import Event, Happening, Phase, Rule

_GAP = 0.5  # s without the face, after which what it did is over
_LONG = 10.0  # s: a gesture that lasts longer becomes part of the rest
_SETTLES = 0.1  # s in which a score that still rises grows by more than this share of its threshold
_RISES = 0.25


@dataclass
class _Watch:
    """One rule as it goes: the candidate's event since its score rose, whether it fired, and when it may fire again."""

    rule: Rule
    event: Event | None = None
    above: float | None = None  # since when the score is at `on` or more
    fired: bool = False
    blocked: bool = False  # because another gesture of its part fired, until its score falls
    free: float = -np.inf
    score: float = 0.0
    crossed: float = -np.inf  # when the score last went through `off`
    before: tuple[tuple[float, float], ...] = ()  # times and scores of the last moments

    def see(self, look: Look) -> None:
        score = self.score = self.rule.score(look)
        self._cross(look.time)
        if score < self.rule.off:
            self.event = self.event if self.fired else None
            self.blocked = False
        elif self.event is None:
            self.event = Event(self.rule.name, self.crossed, look.time, score)
        elif score > self.event.strength:
            self.event = replace(self.event, apex=look.time, strength=score)
        if score < self.rule.on:
            self.above = None
        elif self.above is None:
            self.above = look.time
        self.before = (*(b for b in self.before if look.time - b[0] <= _SETTLES), (look.time, score))

    @property
    def ready(self) -> bool:
        """Whether it may fire: it lasts, and no longer rises much."""
        if self.event is None or self.above is None:
            return False
        now = self.before[-1][0]
        settled = self.score - self.before[0][1] < _RISES * self.rule.on or now - self.above > 2 * self.rule.hold
        return now >= self.free and now - self.above >= self.rule.hold - 1e-6 and settled

    def keep(self, time: float) -> None:
        """Let the newest score be that of the moment `time`, because nothing was seen after it."""
        self.before = (*self.before[:-1], *((time, score) for _, score in self.before[-1:]))

    def end(self, time: float) -> Event | None:
        """The whole event, where it had fired."""
        event, fired, self.event, self.fired, self.above = self.event, self.fired, None, False, None
        if not fired or event is None:
            return None
        self.free = time + self.rule.cooldown
        offset = self.crossed if self.crossed > event.apex else time
        return replace(event, offset=max(offset, event.apex))

    def _cross(self, now: float) -> None:
        """Note the moment in which the score goes through `off`, between the last look and now."""
        off = self.rule.off
        if not self.before:
            self.crossed = now
            return
        time, score = self.before[-1]
        if (score < off) != (self.score < off):
            self.crossed = float(time + (now - time) * (off - score) / (self.score - score))


class Detector:
    """Give it the values of each moment (see `values_of`); it returns the events that have just happened.

    >>> detector = Detector()
    >>> rest, smile = np.zeros(55, np.float32), np.zeros(55, np.float32)
    >>> smile[[23, 24]] = 0.5  # mouthSmileLeft and mouthSmileRight
    >>> told = [h for i in range(90) for h in detector.add(i / 30, smile if 45 <= i < 70 else rest)]
    >>> [(h.phase.value, h.event.name) for h in told]
    [('fired', 'smile'), ('ended', 'smile')]
    """

    def __init__(self, rules: Iterable[Rule] = BUILT_IN.values()) -> None:
        self._watches = [_Watch(rule) for rule in rules]
        self._looks = Looks()
        self._last = -np.inf

    @property
    def scores(self) -> dict[str, float]:
        """The newest score of each rule, in multiples of what it takes."""
        return {w.rule.name: w.score / w.rule.on for w in self._watches}

    def add(self, time: float, values: Array | None) -> list[Happening]:
        """What has happened up to the moment `time` (s, increasing), None where the face is not seen."""
        if values is None or time - self._last > _GAP:
            happened = self.finish() if time - self._last > _GAP else []
            if values is None:
                return happened
        else:
            happened = []
            if time - self._last > Steady.SPAN:
                for watch in self._watches:
                    watch.keep(self._last)
        self._last = time
        acts = any(w.fired and w.event is not None and time - w.event.onset < _LONG for w in self._watches)
        look = self._looks.add(time, values, resting=not acts)
        if look is None:
            return happened
        for watch in self._watches:
            watch.see(look)
            if watch.fired and watch.score < watch.rule.off:
                happened += _ended(watch.end(look.time))
        for part in {w.rule.part for w in self._watches}:
            happened += self._fire([w for w in self._watches if w.rule.part == part], look.time)
        return happened

    def finish(self) -> list[Happening]:
        """The end of what still lasts, because nothing follows."""
        happened = [h for w in self._watches for h in _ended(w.end(self._last))]
        for watch in self._watches:
            watch.before = ()  # nobody knows what the face does until it is seen again
        self._looks.interrupt()
        return happened

    def _fire(self, rivals: Sequence[_Watch], time: float) -> list[Happening]:
        """Of the rules of one part, let one fire that is ready, unless a stronger one is about to."""
        risen = [w for w in rivals if w.above is not None and not w.fired and not w.blocked]
        beaten = {name for w in risen for name in w.rule.beats}
        risen = [w for w in risen if w.rule.name not in beaten]
        if not risen:
            return []
        best = max(risen, key=lambda w: w.score / w.rule.on)
        active = [w for w in rivals if w.fired]
        if not best.ready or any(w.rule.name not in best.rule.beats for w in active):
            return []
        happened = [h for w in active for h in _ended(w.end(time))]
        best.fired = True
        for rival in rivals:
            rival.blocked = rival is not best and best.rule.name not in rival.rule.beats
        assert best.event is not None
        return [*happened, Happening(Phase.FIRED, best.event)]


def _ended(event: Event | None) -> list[Happening]:
    return [] if event is None else [Happening(Phase.ENDED, event)]
