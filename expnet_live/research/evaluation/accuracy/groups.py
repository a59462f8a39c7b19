"""The error by groups of people: skin, age and sex.

Skin is the type by the individual typology angle of the lit cheeks (see ../skin/typology.py), of photos in colour. Age
and sex are in the names of UTKFace's photos: age_sex_ethnicity_date, sex 0 male and 1 female.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.research.evaluation.skin.typology import cheeks_of, is_grey, ita, type_of

GAP_BAR = 1.15  # worst group's error over the best one's
_LEAST = 30  # photos of a group that is compared
_ROUNDS = 2000  # of the bootstrap
_AGES = (10, 20, 40, 60)
_AGE_NAMES = ("under 10", "10 to 19", "20 to 39", "40 to 59", "60 and older")
_SEXES = ("male", "female")
_UTKFACE = re.compile(r"utkface/(\d+)_([01])_")


@dataclass(frozen=True)
class Group:
    """Mean error in per cent of the outer-eye distance, its middle 95 % over people drawn anew, and the number of
    photos."""

    error: float
    low: float
    high: float
    photos: int


@dataclass(frozen=True)
class Comparison:
    """Groups that differ in one thing; `gap` is the worst one's error over the best one's, `low` and `high` the middle
    95 % of the ratio of these two over people drawn anew."""

    groups: dict[str, Group]
    gap: float
    low: float
    high: float


def groups_of(key: str, image: Image, points: Array) -> dict[str, str]:
    """The groups of the person in a photo with Face Mesh points (468, 2), by what they differ in; only those known."""
    found = {}
    cheeks = None if is_grey(image) else cheeks_of(image, points)
    if cheeks is not None:
        found["skin"] = type_of(ita(cheeks))
    if named := _UTKFACE.match(key):
        found["age"] = _AGE_NAMES[int(np.digitize(int(named[1]), _AGES))]
        found["sex"] = _SEXES[int(named[2])]
    return found


def errors_by_group(
    groups: Sequence[Mapping[str, str]], errors: Sequence[float], people: Sequence[str]
) -> dict[str, Comparison]:
    """For skin, age and sex: the error of each group with enough photos, where there are two such groups or more.

    `people` names the person of each photo: photos of one person are drawn together (Efron and Tibshirani 1993, An
    introduction to the bootstrap).
    """
    found = {}
    for kind in ("skin", "age", "sex"):
        own = np.array([g.get(kind, "") for g in groups])
        names = [n for n in sorted(set(own.tolist()) - {""}) if (own == n).sum() >= _LEAST]
        if len(names) > 1:
            of = np.array([own == n for n in names], float)
            found[kind] = _compared(names, of, np.asarray(errors, float), people)
    return found


def _compared(names: Sequence[str], of: Array, errors: Array, people: Sequence[str]) -> Comparison:
    """`of` (groups, photos) is 1 where the photo belongs to the group."""
    persons, person = np.unique(list(people), return_inverse=True)
    photos, summed = (np.zeros((len(persons), len(names))) for _ in range(2))
    np.add.at(photos, person, of.T)
    np.add.at(summed, person, (of * errors).T)
    times = np.random.default_rng(0).multinomial(len(persons), np.full(len(persons), 1 / len(persons)), _ROUNDS)
    times = times[(times @ photos > 0).all(1)]  # a draw without anyone of a group says nothing
    drawn = (times @ summed) / (times @ photos)
    means = summed.sum(0) / photos.sum(0)
    worst, best = int(means.argmax()), int(means.argmin())
    return Comparison(
        {n: Group(float(means[i]), *_middle(drawn[:, i]), int(of[i].sum())) for i, n in enumerate(names)},
        float(means[worst] / means[best]),
        *_middle(drawn[:, worst] / drawn[:, best]),
    )


def _middle(drawn: Array) -> tuple[float, float]:
    """The middle 95 %."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def print_groups(found: Mapping[str, Comparison]) -> None:
    for kind, c in found.items():
        print(f"\nDense error at full size by {kind}: worst group {c.gap:.2f} times the best "
              f"({c.low:.2f} to {c.high:.2f}; limit {GAP_BAR:g})")  # fmt: skip
        for name, g in c.groups.items():
            print(f"  {name:14s} {g.error:.2f} % ({g.low:.2f} to {g.high:.2f}), {g.photos} photos")
    if found:
        print("In brackets: the middle 95 % of a bootstrap over people.")
