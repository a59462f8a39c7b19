"""Draws of training pictures in groups of the same person."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from expnet_live.core.types import Array
from expnet_live.research.training.actions.shelf import PER_PERSON

_BLOCK = 4096


def people_of(keys: Array, made: Array, clip: Array) -> Array:
    """Person numbers (N,) of pictures by their keys: one for each clip and each synthetic head, -1 in photos."""
    numbers: dict[tuple[str, ...], int] = {}
    person = np.full(len(keys), -1)
    for i in np.flatnonzero(made | clip):
        collection, _, name = str(keys[i]).partition("/")
        seed, dash, number = name.partition("-")
        if clip[i]:
            who: tuple[str, ...] = (collection,)
        elif dash and number.isdigit():
            who = (collection, seed, str(int(number) // PER_PERSON))
        else:
            continue
        person[i] = numbers.setdefault(who, len(numbers))
    return person


class GroupDraws(Sampler[tuple[int, int]]):
    """Weighted draws (index, running number), `size` in a row of one person, or of single pictures.

    The first of a group is drawn by its weight, its companions evenly among the other pictures of that person, or by
    weight among those without a person. Those before number `start` are left out, for a training that goes on there.
    """

    def __init__(self, weights: Array, person: Array, size: int, count: int, seed: int, start: int = 0) -> None:
        self._until, self._person, self._size, self._count, self._seed = np.cumsum(weights), person, size, count, seed
        self._start = start
        self._order = np.argsort(person, kind="stable")
        self._ends = np.searchsorted(person[self._order], np.arange(-1, person.max() + 1), "right")
        alone = np.flatnonzero(person < 0)
        self._alone = alone if len(alone) else np.arange(len(person))
        self._until_alone = np.cumsum(weights[self._alone])

    def __len__(self) -> int:
        return max(self._count - self._start, 0)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng, n = np.random.default_rng(self._seed), 0
        while True:
            for first in _drawn(self._until, _BLOCK, rng):
                for i in self._group(int(first), rng):
                    if n >= self._count:
                        return
                    if n >= self._start:
                        yield int(i), n
                    n += 1

    def _group(self, first: int, rng: np.random.Generator) -> list[int]:
        who, more = int(self._person[first]), self._size - 1
        if more and who >= 0:
            there = self._order[self._ends[who] : self._ends[who + 1]]
            there = there[there != first]
            if len(there) >= more:
                return [first, *rng.choice(there, more, replace=False).tolist()]
        return [first, *self._alone[_drawn(self._until_alone, more, rng)].tolist()]


def _drawn(until: Array, count: int, rng: np.random.Generator) -> Array:
    """`count` indices drawn by weights, of which `until` are the running sums."""
    return np.searchsorted(until, rng.random(count) * until[-1], "right").clip(max=len(until) - 1)
