"""Chooses the score at which each gesture begins, from people who perform them and people who talk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from expnet_live.core.types import Array
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.look import Look, Looks
from expnet_live.gestures.rule import Rule
from expnet_live.research.evaluation.gestures.clips import Talk, confirmed
from expnet_live.research.evaluation.gestures.renders import Performance

# Of the median score of the gesture's own acts. The lowest are far below those that are chosen: what talk says there
# counts for scores above, as far as it counts around.
_TRIED = np.geomspace(0.01, 2.0, 140)
# By how much the logarithms of other people's scores differ (standard deviations). The network learned the clips of
# --fit, and says of other people's talk what is farther from the teacher, so talk counts from farther around.
_ACTS_DIFFER, _TALK_DIFFERS = 0.25, 0.4
_LATE = 0.2  # s after an act in which its score may still be high


@dataclass
class Fit:
    """The score at which a gesture begins, and what that means on what it was chosen from: the share of its acts that
    are missed, other acts in which it fires, and firings per minute of talk that the teacher does not confirm."""

    begins: float
    missed: float
    wrong: int
    unconfirmed: float


@dataclass
class _Evidence:
    """Scores of one rule, each the least over the time that it must last."""

    own: list[float] = field(default_factory=list)  # the highest in each act of the gesture
    others: list[float] = field(default_factory=list)  # the highest in each act of another one, and between the acts
    talks: list[tuple[list[float], Array, Talk]] = field(default_factory=list)


def fit(performances: Iterable[Performance], talks: Iterable[Talk]) -> dict[str, Fit]:
    """For each gesture the score with the least sum of: the share of acts missed, acts of others told as this one as
    a share of its own, and unconfirmed firings per minute; averaged over scores around it, as other people differ."""
    evidence = {name: _Evidence() for name in BUILT_IN}
    for performance in performances:
        looks = list(_looks(performance.times.tolist(), performance.values))
        for rule in BUILT_IN.values():
            _perform(evidence[rule.name], rule, looks, performance)
    minutes = 0.0
    for talk in talks:
        minutes += talk.minutes
        looks = list(_looks(talk.watched.times, talk.watched.values))
        for rule in BUILT_IN.values():
            evidence[rule.name].talks.append(([look.time for look in looks], _lasting(rule, looks), talk))
    return {name: _best(name, found, minutes) for name, found in evidence.items()}


def _best(name: str, found: _Evidence, minutes: float) -> Fit:
    own, others = np.array(found.own), np.array(found.others)
    fits = []
    for begins in (_TRIED * np.median(own)).tolist():
        fired = sum(_unconfirmed(name, begins, *talk) for talk in found.talks)
        rate = fired / minutes if minutes else 0.0
        fits.append(Fit(begins, float((own < begins).mean()), int((others >= begins).sum()), rate))
    acted = np.array([f.missed + f.wrong / len(own) for f in fits])
    costs = _averaged(acted, _ACTS_DIFFER) + _averaged(np.array([f.unconfirmed for f in fits]), _TALK_DIFFERS)
    least = np.flatnonzero(costs <= costs.min() + 1e-9)
    best = fits[int(least[len(least) // 2])]  # the middle, where talk and acts are too far apart to say more
    return replace(best, begins=float(f"{best.begins:.2g}"))


def _averaged(curve: Array, spread: float) -> Array:
    return np.asarray(gaussian_filter1d(curve, spread / np.log(_TRIED[1] / _TRIED[0]), mode="nearest"))


def _looks(times: Sequence[float], values: Sequence[Array | None]) -> Iterator[Look]:
    looks = Looks()
    for time, value in zip(times, values, strict=True):
        if value is not None and (look := looks.add(time, value)) is not None:
            yield look


def _lasting(rule: Rule, looks: Sequence[Look]) -> Array:
    """For each look the least score over the rule's `hold` before it."""
    scores = np.array([rule.score(look) for look in looks])
    times = np.array([look.time for look in looks])
    starts = np.searchsorted(times, times - rule.hold - 1e-6)
    return np.array([scores[a : b + 1].min() for b, a in enumerate(starts)])


def _perform(found: _Evidence, rule: Rule, looks: Sequence[Look], performance: Performance) -> None:
    lasting, times = _lasting(rule, looks), np.array([look.time for look in looks])
    between = np.ones(len(times), bool)
    for act in performance.acts:
        within = (times >= act.start) & (times <= act.end + _LATE)
        between &= (times < act.start) | (times > act.end + max(rule.hold, 1.5))
        highest = float(lasting[within].max(initial=0.0))
        if act.name == rule.name:
            found.own.append(highest)
        elif rule.name not in BUILT_IN[act.name].beats:
            found.others.append(highest)
    found.others.append(float(lasting[between].max(initial=0.0)))


def _unconfirmed(name: str, begins: float, times: Sequence[float], lasting: Array, talk: Talk) -> int:
    """How often the gesture fires in a clip while the teacher sees none."""
    above = np.flatnonzero(np.diff(np.concatenate([[False], lasting >= begins, [False]])))
    hold = BUILT_IN[name].hold
    spans = [(times[a] - hold, times[b - 1]) for a, b in zip(above[::2], above[1::2], strict=True)]
    return sum(not confirmed(name, start, end, talk.taught) for start, end in spans)
