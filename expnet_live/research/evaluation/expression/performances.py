"""What the pipeline says of rendered heads that no training picture shows, beside what they do."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from expnet_live.core.arkit import ARKIT, INDEX, N_BLENDSHAPES, SIDED
from expnet_live.core.types import Array, Frame, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.pipeline.look import Stopwatch, crop_type, look_at
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression import script
from expnet_live.research.evaluation.expression.measure import ActionFigures, figures, summary
from expnet_live.research.evaluation.expression.script import Event, Moment
from expnet_live.research.evaluation.expression.sheet import ContactSheet
from expnet_live.research.evaluation.expression.studio import Person, Room, Shot, Studio, random_room

FPS = 30.0
_TREMBLE = 0.02  # rad, and widths of the face, by which a head moves between frames
_SAYS = 0.1  # what an action must rise by for its onset to be measured
_LOUD = 0.15  # share of the acting action at which the loudest other one is named


@dataclass(frozen=True)
class Condition:
    """How heads are seen, and how much they do there."""

    name: str
    shot: Shot
    strengths: tuple[float, ...] = (0.5, 1.0)
    pairs: int = 12
    yaw: float = 0.0  # rad; one head in two turns the other way


CONDITIONS = (
    Condition("200 px", Shot(200), script.STRENGTHS, 26),
    Condition("60 px", Shot(60)),
    Condition("28 px", Shot(28)),
    Condition("14 px", Shot(14)),
    Condition("turned 20", Shot(200), yaw=float(np.radians(20))),
    Condition("turned 40", Shot(200), yaw=float(np.radians(40))),
    Condition("glasses", Shot(200, glasses=True)),
    Condition("cover", Shot(200, cover=True)),
)
QUICK = Condition("200 px", Shot(200), (1.0,), 4)


@dataclass(frozen=True, eq=False)
class Cast:
    """Who is seen, and the random rooms that they are in."""

    people: Sequence[Person]
    scenes: Callable[[int], Image | None] | None = None

    def room(self, number: int, name: str) -> Room:
        return random_room(np.random.default_rng([number, zlib.crc32(name.encode())]), self.scenes)


@dataclass(frozen=True, eq=False)
class Heard:
    """`said` and `truth` (T, 52), the number of each frame's head (T,), what acts alone, whether the finder or
    tracker had the face (T,)."""

    said: Array
    truth: Array
    head: Array
    action: list[str | None]
    found: Array
    turn: Array


Moments = Callable[[int], list[Moment]]  # of the head of that number


class Listener:
    """Draws moments and hears what the pipeline says of them; deterministic."""

    def __init__(self, pipeline: Pipeline, studio: Studio, sheet: ContactSheet | None = None) -> None:
        pipeline.need_blendshapes()
        self._pipeline, self._studio, self._sheet = pipeline, studio, sheet

    def hear(self, cast: Cast, name: str, shot: Shot, moments: Moments, yaw: float = 0.0) -> Heard:
        """Each head does its `moments` as a clip of 30 frames a second."""
        said, truth, head, action, found, turn = [], [], [], [], [], []
        for number, person in enumerate(cast.people):
            rng, room = np.random.default_rng([7, number, zlib.crc32(name.encode())]), cast.room(number, name)
            self._pipeline.reset()
            todo = moments(number)
            for i, moment in enumerate(tqdm(todo, f"{name}, head {number + 1}", unit="frame", leave=False)):
                tremble = rng.normal(0, _TREMBLE, 4)
                toward = (-1) ** number * yaw + moment.turn[0] + tremble[0]
                pose = Rotation.from_euler("YX", [toward, moment.turn[1] + tremble[1]]).as_rotvec()
                taken = replace(shot, rotation=tuple(pose.tolist()), shift=(float(tremble[2]), float(tremble[3])))
                picture = self._studio.draw(person, moment.strengths, room, taken, rng)
                states = self._pipeline.process(Frame(picture.image, i / FPS, i, name))
                seen = states[0].blendshapes if states else self._given(picture.image, picture.view)
                if self._sheet is not None and moment.action is not None and name == CONDITIONS[0].name:
                    self._sheet.offer(moment.strengths, picture.image, states, moment.action)
                said.append(np.full(N_BLENDSHAPES, np.nan) if seen is None else seen)
                truth.append(moment.strengths)
                head.append(number)
                action.append(moment.action)
                found.append(bool(states))
                turn.append(toward)
        return Heard(np.array(said), np.array(truth), np.array(head), action, np.array(found), np.array(turn))

    def _given(self, image: Image, view: WeakPerspective) -> Array | None:
        """What is said where the finder sees no face, in the crop of the true pose."""
        predictor, watch = self._pipeline.predictor, Stopwatch()
        crop = crop_type(predictor).of_view(view, predictor.crop_size)
        (look,) = look_at(image, [crop], predictor, watch)
        return (self._pipeline.look_again([(image, look)], watch)[0] if look.plausible else look).blendshapes


@dataclass(frozen=True)
class PerformanceFigures:
    """Of one action, beside r and gain: rms of what the others say while it alone acts, as a share of it; which one
    says most, and its share."""

    name: str
    r: float
    gain: float
    sd: float
    crosstalk: float
    loudest: str
    loudness: float


def condition_figures(heard: Heard) -> list[PerformanceFigures]:
    rows = {f.name: f for f in figures(heard.said, heard.truth, heard.head)}
    change = np.array(heard.said, np.float64)
    for number in np.unique(heard.head):
        own = heard.head == number
        rest = own & (heard.truth.max(1) == 0)
        change[own] -= np.nanmean(change[rest], axis=0)
    result = []
    for name in ARKIT:
        acts = np.array([a == name for a in heard.action])
        own = rows.get(name, ActionFigures(name, float("nan"), float("nan"), 0.0))
        own_truth = heard.truth[acts, INDEX[name]]
        others = np.ones(N_BLENDSHAPES, bool)
        others[[INDEX[n] for n in (name, *script.carried(name))]] = False
        answers = np.nan_to_num(change[acts])
        strength = float(np.sqrt((own_truth**2).mean())) if acts.any() else float("nan")
        crosstalk = float(np.sqrt((answers[:, others] ** 2).mean())) / strength if acts.any() else float("nan")
        slopes = own_truth @ answers / max(float(own_truth @ own_truth), 1e-9)
        slopes[~others] = 0
        most = int(np.abs(slopes).argmax())
        loud = abs(slopes[most]) >= _LOUD
        result.append(
            PerformanceFigures(
                own.name, own.r, own.gain, own.sd, crosstalk, ARKIT[most] if loud else "", float(slopes[most])
            )
        )
    return result


def condition_summary(heard: Heard, rows: list[PerformanceFigures]) -> dict[str, float]:
    good = [f for f in rows if f.r >= 0.9 and 0.8 <= f.gain <= 1.2]
    both = summary([ActionFigures(f.name, f.r, f.gain, f.sd) for f in rows])
    return {
        **both,
        "r_min": float(np.nanmin([f.r for f in rows])),
        "within_bars": float(len(good)),
        "below_r_0.7": float(sum(not f.r >= 0.7 for f in rows)),
        "crosstalk_mean": float(np.nanmean([f.crosstalk for f in rows])),
        "crosstalk_max": float(np.nanmax([f.crosstalk for f in rows])),
        "found": float(heard.found.mean()),
        "frames": float(len(heard.said)),
    }


def run_performances(
    listener: Listener, cast: Cast, conditions: Sequence[Condition] = CONDITIONS, sequences: bool = True
) -> dict[str, Any]:
    """The figures of each condition, of sequences, and of independence."""
    result: dict[str, Any] = {"conditions": {}}
    for condition in conditions:

        def act(number: int, c: Condition = condition) -> list[Moment]:
            return script.acting(c.strengths, c.pairs, np.random.default_rng([3, number]))

        heard = listener.hear(cast, condition.name, condition.shot, act, condition.yaw)
        rows = condition_figures(heard)
        found = {"summary": condition_summary(heard, rows), "actions": [asdict(f) for f in rows]}
        result["conditions"][condition.name] = found
        result.setdefault("sides", sides(heard))
    result["neutral turns"] = turns(listener.hear(cast, "neutral turns", Shot(), lambda _: script.neutral_turns()))
    result["clenched grin"] = grins(listener.hear(cast, "clenched grin", Shot(), lambda _: script.clenched_grins()))
    if sequences:
        result["sequences"] = played(listener, cast)
    return result


def sides(heard: Heard) -> dict[str, dict[str, float | None]]:
    """Of each action with two sides: what the other side says while one alone acts, as a share of what that one says.

    `left` acts, or `right` acts; None where that one says less than a twentieth of what is true.
    """
    base = np.nanmean(heard.said[heard.truth.max(1) == 0], axis=0)
    result = {}
    for left in SIDED:
        right = left.removesuffix("Left") + "Right"
        share: dict[str, float | None] = {}
        for side, own, other in (("left", left, right), ("right", right, left)):
            acts = np.array([a == own for a in heard.action])
            w = heard.truth[acts, INDEX[own]]
            change = np.nan_to_num(heard.said[acts] - base)
            here, there = float(w @ change[:, INDEX[own]]), float(w @ change[:, INDEX[other]])
            share[side] = there / here if here > 0.05 * float(w @ w) else None
        result[left.removesuffix("Left")] = share
    return result


def turns(heard: Heard) -> dict[str, dict[str, float]]:
    """Of neutral heads that turn: |r| of jaw and mouth sideways with yaw, and the most that they say, 0..1."""
    result = {}
    for part in ("jaw", "mouth"):
        sideways = heard.said[:, INDEX[f"{part}Left"]] - heard.said[:, INDEX[f"{part}Right"]]
        within = sideways.copy()
        for number in np.unique(heard.head):
            within[heard.head == number] -= np.nanmean(sideways[heard.head == number])
        known = np.isfinite(within)
        r = abs(float(np.corrcoef(within[known], heard.turn[known])[0, 1])) if within[known].std() > 1e-6 else 0.0
        result[part] = {"r": r, "most": float(np.nanmax(np.abs(within)))}
    return result


def grins(heard: Heard) -> dict[str, float]:
    """Of clenched grins at their fullest: by how much jaw and frowns answer more than at rest, the mean of heads."""
    full = heard.truth[:, INDEX["mouthSmileLeft"]] == 1
    rest = heard.truth.max(1) == 0
    change = np.nanmean(heard.said[full], axis=0) - np.nanmean(heard.said[rest], axis=0)
    return {n: float(change[INDEX[n]]) for n in ("jawOpen", "mouthFrownLeft", "mouthFrownRight", "mouthSmileLeft")}


def played(listener: Listener, cast: Cast) -> dict[str, Any]:
    """Sequences at 30 frames a second: r and gain of each action, and the error of its onset in ms."""
    scores = [script.sequence(FPS, np.random.default_rng([5, n])) for n in range(len(cast.people))]
    heard = listener.hear(cast, "sequences", Shot(), lambda number: scores[number][0])
    rows = figures(heard.said, heard.truth, heard.head)
    errors: dict[str, list[float]] = {}
    for number, (_, events) in enumerate(scores):
        said = heard.said[heard.head == number]
        for event in events:
            late = onset_error(said[:, INDEX[event.action]], event)
            if late is not None:
                errors.setdefault(event.action, []).append(late)
    onsets = {n: float(np.median(v)) for n, v in errors.items()}
    told = [abs(v) for v in onsets.values()]
    return {
        "summary": {
            **summary(rows),
            "onset_ms_median": float(np.median(told)) if told else float("nan"),
            "onsets_seen": float(len(onsets)),
            "found": float(heard.found.mean()),
        },
        "actions": [asdict(f) | {"onset_ms": onsets.get(f.name)} for f in rows],
    }


def onset_error(said: Array, event: Event) -> float | None:
    """By how many ms what is said (T,) at FPS reaches half of its height later than the action; None where it does not
    rise."""
    first, last = max(0, round((event.start - 0.1) * FPS)), round((event.end + 0.1) * FPS)
    part = said[first:last]
    if len(part) < 3 or not np.isfinite(part).all():
        return None
    base = float(part[:3].mean())
    peak = int(part.argmax())
    rise = float(part[peak]) - base
    if rise < _SAYS:
        return None
    half = base + rise / 2
    below = np.flatnonzero(part[: peak + 1] < half)
    if not len(below):
        return None
    i = int(below[-1])
    at = i + (half - part[i]) / (part[i + 1] - part[i])
    return float(1000 * ((first + at) / FPS - event.half))
