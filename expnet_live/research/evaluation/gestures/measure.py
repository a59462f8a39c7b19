"""How often gestures are recognised: the answer for each act, the confusion of classes, and false firings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scipy.special import gammaincinv

from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.rule import Event
from expnet_live.research.evaluation.gestures.script import Act

NONE = "none"
NAMES = tuple(BUILT_IN)

_Z = 1.96  # standard deviations to either side of 95 %


def share_between(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `count` of `total` were seen (Wilson 1927); NaN without any."""
    if not total:
        return math.nan, math.nan
    share, z = count / total, _Z**2 / total
    middle, half = share + z / 2, math.sqrt(z * (share * (1 - share) + z / 4))
    return (middle - half) / (1 + z), (middle + half) / (1 + z)


def rate_between(count: int, minutes: float) -> tuple[float, float]:
    """The exact 95 % interval per minute of what happened `count` times by chance (Garwood 1936); NaN for no time."""
    if not minutes:
        return math.nan, math.nan
    low = float(gammaincinv(count, 0.025)) if count else 0.0
    return low / minutes, float(gammaincinv(count + 1, 0.975)) / minutes


@dataclass
class Tally:
    """Counts of (true gesture, recognised gesture), of events between the acts, and the minutes watched."""

    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    minutes: float = 0.0

    def add(self, acts: Sequence[Act], events: Sequence[Event], seconds: float) -> None:
        """Count the performance of one person."""
        self.minutes += seconds / 60
        free = set(events)
        for act in acts:
            within = [e for e in events if _overlap(act, e) > 0]
            free -= set(within)
            self.told[act.name, _answer(act, within)] += 1
        self.extra.update(e.name for e in free)

    @property
    def total(self) -> int:
        return sum(self.told.values())

    @property
    def right(self) -> int:
        """The acts whose own gesture is recognised."""
        return sum(n for (true, said), n in self.told.items() if true == said)

    @property
    def accuracy(self) -> float:
        """The share of acts whose own gesture is recognised; NaN without acts."""
        return self.right / self.total if self.total else float("nan")

    @property
    def extra_per_minute(self) -> float:
        return sum(self.extra.values()) / self.minutes if self.minutes else float("nan")

    def recall(self, name: str) -> float:
        acted = sum(n for (true, _), n in self.told.items() if true == name)
        return self.told[name, name] / acted if acted else float("nan")

    def confusion(self) -> list[list[int]]:
        """A row for each true gesture, a column for each told one and for none."""
        return [[self.told[true, said] for said in (*NAMES, NONE)] for true in NAMES]

    def figures(self) -> dict[str, object]:
        return {
            "acts": self.total,
            "accuracy": self.accuracy,
            "accuracy_between": share_between(self.right, self.total),
            "recall": {name: self.recall(name) for name in NAMES},
            "confusion": self.confusion(),
            "extra_per_minute": self.extra_per_minute,
            "extra": dict(self.extra),
        }


def summed(tallies: Iterable[Tally]) -> Tally:
    out = Tally()
    for tally in tallies:
        out.told += tally.told
        out.extra += tally.extra
        out.minutes += tally.minutes
    return out


def _overlap(act: Act, event: Event) -> float:
    end = math.inf if event.offset is None else event.offset
    return min(end, act.end) - max(event.onset, act.start)


def _answer(act: Act, within: Sequence[Event]) -> str:
    """The gesture that lasts longest during the act."""
    return max(within, key=lambda e: _overlap(act, e)).name if within else NONE
