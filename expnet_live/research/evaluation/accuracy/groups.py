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
_AGES = (10, 20, 40, 60)
_AGE_NAMES = ("under 10", "10 to 19", "20 to 39", "40 to 59", "60 and older")
_SEXES = ("male", "female")
_UTKFACE = re.compile(r"utkface/(\d+)_([01])_")


@dataclass(frozen=True)
class Group:
    """Mean error in per cent of the outer-eye distance, its standard error, and the number of photos."""

    error: float
    uncertain: float
    photos: int


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


def errors_by_group(groups: Sequence[Mapping[str, str]], errors: Sequence[float]) -> dict[str, dict[str, Group]]:
    """For skin, age and sex: the error of each group with enough photos."""
    found: dict[str, dict[str, Group]] = {}
    for kind in ("skin", "age", "sex"):
        names = [g.get(kind, "") for g in groups]
        for name in sorted(set(names) - {""}):
            own = np.array([e for e, n in zip(errors, names, strict=True) if n == name])
            if len(own) >= _LEAST:
                uncertain = float(own.std(ddof=1) / np.sqrt(len(own)))
                found.setdefault(kind, {})[name] = Group(float(own.mean()), uncertain, len(own))
    return found


def gap(groups: Mapping[str, Group]) -> float:
    """The error of the worst group in relation to that of the best."""
    errors = [g.error for g in groups.values()]
    return max(errors) / min(errors)


def print_groups(found: Mapping[str, Mapping[str, Group]]) -> None:
    for kind, groups in found.items():
        print(f"\nDense error at full size by {kind}: worst group {gap(groups):.2f} times the best (limit {GAP_BAR:g})")
        for name, g in groups.items():
            print(f"  {name:14s} {g.error:.2f} % (standard error {g.uncertain:.2f}), {g.photos} photos")
