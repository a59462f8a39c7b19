"""A person's own gestures, each learned from a few examples: nearest class mean, with a reject option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.gestures.look import HEAD, N_VALUES, Look
from expnet_live.gestures.rule import Rule

EXAMPLES = 3
Examples = Sequence[Sequence[float]]
"""Of one gesture: changes (55,) from the rest, see `Look`."""

PART = "own"
_FORMULA = "nearness to the mean of the examples"
_HEAD_UNIT = 0.35  # rad of the head that count as much as a full action
_LEAST = 0.3  # length of a change: less is too close to the rest
_APART = 0.7  # of the mean's length, by which an example may differ from the mean
_NEAREST, _FARTHEST, _WIDER = 0.35, 0.55, 1.6  # limits of the reject radius, and its size in spreads of the examples
_EASES = 0.2  # by how much a gesture may recede before it ends


def own_rules(gestures: Mapping[str, Examples]) -> list[Rule]:
    """A rule for each gesture. Its score is 1 at the mean of its examples and 0 at the distance of the rest, and 0
    where the mean of another one is nearer. What is farther from the mean than the reject radius is no gesture."""
    means = {name: _scaled(np.array(examples, np.float32)).mean(0) for name, examples in gestures.items()}
    return [_rule(name, _scaled(np.array(examples, np.float32)), means) for name, examples in gestures.items()]


def check(name: str, examples: Examples, others: Mapping[str, Examples]) -> None:
    """Raise UserError if these examples cannot be told from the rest, from each other, or from another gesture."""
    scaled = _scaled(np.array(examples, np.float32))
    mean = scaled.mean(0)
    length = float(np.linalg.norm(mean))
    if length < _LEAST:
        raise UserError("The face hardly moved in these examples; make the gesture stronger, and record it again.")
    if np.linalg.norm(scaled - mean, axis=1).max() > _APART * length:
        raise UserError("The three examples differ too much; do the same each time, and record it again.")
    for other, theirs in others.items():
        if other != name:
            there = _scaled(np.array(theirs, np.float32)).mean(0)
            if np.linalg.norm(there - mean) < _NEAREST * length:
                raise UserError(f"This looks like your gesture {other}; do something else, or delete that one first.")


def _rule(name: str, examples: Array, means: Mapping[str, Array]) -> Rule:
    mean = means[name]
    length = max(float(np.linalg.norm(mean)), 1e-6)
    spread = float(np.linalg.norm(examples - mean, axis=1).max()) / length
    radius = float(np.clip(_WIDER * spread, _NEAREST, _FARTHEST))
    rivals = [m for other, m in means.items() if other != name]

    def score(look: Look) -> float:
        here = _scaled(look.change)
        distance = float(np.linalg.norm(here - mean))
        if any(np.linalg.norm(here - rival) < distance for rival in rivals):
            return 0.0
        return max(1 - distance / length, 0.0)

    return Rule(name, "your own gesture", _FORMULA, PART, score, 1 - radius, max(1 - radius - _EASES, 0.1), hold=0.2)


def _scaled(changes: Array) -> Array:
    """Changes (..., 55) in which a turn of the head counts like an action."""
    scale = np.ones(N_VALUES, np.float32)
    scale[HEAD] = 1 / _HEAD_UNIT
    return changes * scale
