"""A gesture: a score of a look, and the thresholds at which it begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from expnet_live.gestures.look import Look

Score = Callable[[Look], float]


@dataclass(frozen=True)
class Rule:
    """A gesture happens when its `score` stays at `on` or more for `hold` s, and ends when it falls below `off`; the
    next one can happen `cooldown` s later. All are above the person's rest.

    Of the rules of one `part` of the face, one can happen at a time: the one whose score is highest in multiples of its
    `on`, but a rule prevails over those that it names in `beats`. `formula` says in words what the score is.
    """

    name: str
    about: str
    formula: str
    part: str
    score: Score
    on: float
    off: float
    hold: float = 0.2
    cooldown: float = 0.3
    beats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """A gesture that happened. `onset` is where its score last rose through the threshold of its end, `apex` where it
    was highest, `offset` where it fell through that threshold again, all in s on the clock of the looks. `strength` is
    the highest score, 0..1 for most gestures; `offset` is None as long as it lasts.
    """

    name: str
    onset: float
    apex: float
    strength: float
    offset: float | None = None


class Phase(Enum):
    """FIRED: it has just been recognised; ENDED: it is over, and its event is whole."""

    FIRED = "fired"
    ENDED = "ended"


@dataclass(frozen=True)
class Happening:
    phase: Phase
    event: Event
