"""Compares groups of people: linear mixed models by statsmodels, or pairs of conditions. See definitions.py."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.delimiters import table_rows
from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.naming import few
from expnet_live.core.types import Array
from expnet_live.reports.measures import blinks, ends, speeds
from expnet_live.reports.recordings import Recording, couples_of, normal_name

_COLUMNS = ("source", "participant", "group")
_WINDOW = 30.0  # s
_LEAST = 0.5  # of a window, in which the face must be seen
_MOVES = 0.05  # mean range of an action: less is no movement, and no model
_ROUNDING = 1e-6  # of a figure's standard deviation
_FREEDOM = 2  # degrees at least
INCOMPARABLE = (
    "No figure of the groups can be compared: each group needs two people, who move and are not all alike; where "
    "people are in several groups, it takes three who are in both."
)
_MISSING = f"Comparing groups needs statsmodels; install it: {install('statsmodels')}"


@dataclass(frozen=True)
class Member:
    """The group of a recording, and the participant in it."""

    participant: str
    group: str


_LEFT_OUT = Member("", "")  # of a line that has the source alone


class Spread(NamedTuple):
    """Of a group: how many people, and over their means of a figure, mean and standard deviation."""

    people: int
    mean: float
    sd: float


@dataclass(frozen=True)
class Effect:
    """The difference `estimate` of `group` from `reference` in a figure, its 95 % interval, p and corrected q; of
    `participants` people with `windows` windows. `model` says what was fitted. `of_group` and `of_reference` are the
    people, and mean and standard deviation over them."""

    figure: str
    reference: str
    group: str
    estimate: float
    low: float
    high: float
    p: float
    q: float
    windows: int
    participants: int
    model: str
    of_group: Spread
    of_reference: Spread


def read_groups(path: Path) -> dict[str, Member]:
    """By the names of recordings: a table with the columns source, participant, group. A line with a source alone
    leaves that recording out. Raises UserError."""
    with table_rows(path) as rows:
        return _members(rows, path)


def _members(rows: csv.DictReader[str], path: Path) -> dict[str, Member]:
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise UserError(f"{path} has no column {missing[0]}; its first line must name {', '.join(_COLUMNS)}.")
    members: dict[str, Member] = {}
    for row in rows:
        source, participant, group = ((row[name] or "").strip() for name in _COLUMNS)
        if not (source or participant or group):
            continue  # spreadsheets save empty lines as separators alone
        if not source or bool(participant) != bool(group):
            raise UserError(f"{path} says too little in line {rows.line_num}; fill in {', '.join(_COLUMNS)}.")
        if members.setdefault(source, Member(participant, group)) != Member(participant, group):
            raise UserError(f"{path} says two things about {source}; delete one of its lines.")
    return members


def compare(
    recordings: Sequence[Recording], members: Mapping[str, Member], reference: str | None = None
) -> list[Effect]:
    """Of every figure: each group against the `reference`, or the first one by name. Raises UserError if a recording
    has no group, or not one alone, there are fewer than two groups or none of that name, or statsmodels is missing."""
    assigned, _ = assign(recordings, members)
    rows = [row for r, member in assigned for row in _windows(r, member)]
    groups = sorted({str(row["group"]) for row in rows})
    if len(groups) < 2:
        raise UserError("A comparison needs at least two groups with faces; check the table of --groups.")
    if reference is not None:
        if reference not in groups:
            raise UserError(f"There is no group {reference} with faces; choose one of {', '.join(groups)}.")
        groups.sort(key=lambda group: group != reference)
    moving = [n for n in ARKIT if np.nanmean([float(row[f"range {n}"]) for row in rows]) >= _MOVES]
    figures = ["blink_rate", *(f"{key} {name}" for name in moving for key in ("mean", "range", "speed"))]
    found = [effect for figure in figures for effect in _fit(figure, rows, groups)]
    return _corrected(found)


def assign(
    recordings: Sequence[Recording], members: Mapping[str, Member]
) -> tuple[list[tuple[Recording, Member]], list[str]]:
    """The member that each recording is of, and sentences on what is left out: faces that have no line while others
    of their recording do, and lines without a recording. Raises UserError where that is not clear."""
    table = {normal_name(name): member for name, member in members.items()}
    lines = {normal_name(name): name for name in members}
    found: list[tuple[Recording, Member]] = []
    nameless: list[Recording] = []
    excluded: list[str] = []
    missing: dict[str, None] = {}
    used: dict[str, str] = {}
    own = {r.source for r in recordings if r.face >= 0 and _line(r, table, alone=True)}
    for r in recordings:
        line = _line(r, table, alone=r.source in own)
        if line is None and r.source in own:
            nameless.append(r)
        elif line is None:
            missing[r.source] = None
        elif used.setdefault(line, r.source) != r.source:
            raise UserError(
                f"The line {lines[line]} of --groups fits {used[line]} and {r.source}; write a line for each of them."
            )
        elif table[line] == _LEFT_OUT:
            excluded.append(r.name)
        else:
            found.append((r, table[line]))
    if missing:
        raise UserError(
            f"--groups has no line for {few([*missing])}; add one for each, with participant and group, or with its "
            "source alone to leave it out."
        )
    for one, other in couples_of([r for r, _ in found if r.source not in own]):
        if (one.seen & other.seen).any():
            raise UserError(
                f"{one.source} shows two faces at once; write a line of --groups for each that counts, such as: "
                f"{one.name}"
            )
    shared = Counter(r.source for r, _ in found if r.source not in own)
    remarks = [
        f"{few(names)}: {why}"
        for names, why in (
            (
                [source for source, faces in shared.items() if faces > 1],
                "faces look like several people, whom one line of --groups counts as one person.",
            ),
            (excluded, "left out of the comparison, as --groups says."),
            ([r.name for r in nameless], "not in the comparison, because --groups has lines for other faces only."),
            (
                [name for key, name in lines.items() if key not in used],
                "in --groups, but no face of such a recording is read.",
            ),
        )
        if names
    ]
    return found, remarks


def _line(recording: Recording, table: Mapping[str, Member], alone: bool) -> str | None:
    """The line of a recording, by the longest of its names: from the whole source to the file's name without suffix;
    those of the face come first. `alone`: a line for the whole recording does not count."""
    names = recording.names
    faces = [recording.named(name) for name in names]
    return next((key for name in (faces if alone else [*faces, *names]) if (key := normal_name(name)) in table), None)


def _windows(recording: Recording, member: Member) -> list[dict[str, str | float]]:
    """The figures of each window of 30 s in which the face is seen for half of the time; a shorter recording is one."""
    start, end = recording.time[0], recording.time[-1]
    count = max(int((end - start + recording.step + 1e-6) // _WINDOW), 1)
    rows = []
    # Of the whole recording: the edge of a window would make two closures of one, or none.
    own = np.array([b.time for b in blinks(recording) if b.blink])
    for i in range(count):
        first, last = start + i * _WINDOW, end + 1 if i == count - 1 else start + (i + 1) * _WINDOW
        inside = (recording.time >= first) & (recording.time < last)
        if inside.sum() < 10 or recording.share(recording.seen, inside) < _LEAST:
            continue
        part = _part(recording, inside)
        low, high = ends(part)
        speed = speeds(part)
        row: dict[str, str | float] = {"participant": member.participant, "group": member.group}
        mean = part.mean(part.weights, part.seen)
        row["blink_rate"] = float(((own >= first) & (own < last)).sum()) / part.minutes
        for k, name in enumerate(ARKIT):
            row |= {f"range {name}": float(high[k] - low[k]), f"mean {name}": float(mean[k])}
            row[f"speed {name}"] = float(speed[k])
        rows.append(row)
    return rows


def _part(recording: Recording, inside: Array) -> Recording:
    r = recording
    return Recording(
        r.source, r.face, r.time[inside], r.seen[inside], r.weights[inside], r.rotation[inside], r.width[inside],
        r.confidence[inside],
    )  # fmt: skip


def _fit(figure: str, rows: Sequence[Mapping[str, str | float]], names: Sequence[str]) -> list[Effect]:
    """The effects of all groups but the first of `names`, which is the reference."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UserError(_MISSING) from error
    data = pd.DataFrame(
        {key: [row.get(source) for row in rows] for key, source in
         (("value", figure), ("group", "group"), ("participant", "participant"))}
    ).dropna()  # fmt: skip
    if data.groupby("participant")["group"].nunique().max() < 2:
        return _between(figure, data, names)
    found = []
    for group in names[1:]:  # a model of all would take people who differ in the effect for noise
        both = data[data["group"].isin([names[0], group])]
        apart = both.groupby("participant")["group"].nunique().max() < 2
        found += (_between if apart else _paired)(figure, both, (names[0], group))
    return found


def _paired(figure: str, data: Any, names: Sequence[str]) -> list[Effect]:
    """Of the people who are in both groups, with each one's mean in either: the paired t-test."""
    means = data.groupby(["participant", "group"])["value"].mean().unstack().dropna()
    people, windows = len(means), int(data["participant"].isin(means.index).sum())
    if people - 1 < _FREEDOM or not data["value"].std() > _ROUNDING:
        return []
    differences = means[names[1]] - means[names[0]]
    deviation = float(differences.std()) / people**0.5
    if not deviation > _ROUNDING * float(data["value"].std()):
        return []
    estimate = float(differences.mean())
    of_reference, of_group = (Spread(people, float(means[n].mean()), float(means[n].std())) for n in names)
    inferred = _inference(estimate, deviation, people - 1)
    return [
        Effect(figure, names[0], names[1], estimate, *inferred, float("nan"), windows, people, "paired", of_group,
               of_reference)
    ]  # fmt: skip


def _between(figure: str, data: Any, names: Sequence[str]) -> list[Effect]:
    """Of groups of different people, by the means that a mixed model gives them."""
    own = data.groupby(["group", "participant"])["value"].agg(["mean", "size"]).reset_index()
    spread = float(data["value"].std())
    sizes = own.groupby("group").size()
    if names[0] not in sizes or len(sizes) < 2 or sizes.min() < 2 or not spread > _ROUNDING:
        return []
    own["weight"], kind = _weights(data.assign(value=data["value"] / spread), own["size"])
    told = {str(group): _told(people) for group, people in own.groupby("group")}
    found = []
    for group in names[1:]:
        if group not in told:
            continue
        (of, middle, square, free), (of_first, first, first_square, first_free) = told[group], told[names[0]]
        both = square + first_square
        # Where people of a group do not differ, nothing tells how far they could.
        if both**0.5 > _ROUNDING * spread:
            freedom = both**2 / (square**2 / free + first_square**2 / first_free)
            inferred = _inference(middle - first, both**0.5, freedom)
            found.append(
                Effect(figure, names[0], group, middle - first, *inferred, float("nan"), len(data), len(own), kind,
                       of, of_first)
            )  # fmt: skip
    return found


def _told(people: Any) -> tuple[Spread, float, float, float]:
    """Of the people of a group, with their means and weights: their spread, the weighted mean, its squared error by how
    far people are from it, so that groups may differ in that, and the degrees of freedom of that error (CR2)."""
    means, weight = people["mean"].to_numpy(), people["weight"].to_numpy() / people["weight"].sum()
    middle, odds = float(weight @ means), weight / (1 - weight)
    square = float((weight * odds * (means - middle) ** 2).sum())
    # Satterthwaite's, where the variance of each mean is as its weight says: n - 1 with equal weights.
    freedom = 1 / float((odds**2 * (1 - 2 * weight)).sum() + (odds @ weight) ** 2)
    return Spread(len(means), float(means.mean()), float(means.std(ddof=1))), middle, square, freedom


def _weights(data: Any, windows: Any) -> tuple[Any, str]:
    """How much each person's mean, of that many `windows`, counts in the mean of their group by a mixed model, and its
    name: alike with one window each, and by windows where people do not differ, so that the model cannot be fitted."""
    if windows.max() == 1:
        return windows, "linear"
    try:
        import statsmodels.formula.api as models
    except ImportError as error:
        raise UserError(_MISSING) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about variances near 0
        try:
            model = models.mixedlm("value ~ C(group)", data, groups=data["participant"])
            fit = model.fit(reml=True, method=["lbfgs", "powell"])
        except np.linalg.LinAlgError:
            return windows, "pooled"
    between, within = float(fit.cov_re.iloc[0, 0]), float(fit.scale)
    if not (fit.converged and np.isfinite([between, within]).all() and between > 0):
        return windows, "pooled"
    return 1 / (between + within / windows), "mixed"


def _inference(estimate: float, deviation: float, freedom: float) -> tuple[float, float, float]:
    """The 95 % interval and p by Student's t, as the normal distribution finds too much in few people."""
    from scipy.stats import t

    reach = float(t.ppf(0.975, freedom)) * deviation
    return estimate - reach, estimate + reach, 2 * float(t.sf(abs(estimate) / deviation, freedom))


def _corrected(effects: Sequence[Effect]) -> list[Effect]:
    """With q by Benjamini and Hochberg, sorted by p."""
    ordered = sorted(effects, key=lambda e: e.p)
    q, out = 1.0, []
    for i, effect in reversed(list(enumerate(ordered, start=1))):
        q = min(q, effect.p * len(ordered) / i)
        out.append(replace(effect, q=q))
    return out[::-1]
