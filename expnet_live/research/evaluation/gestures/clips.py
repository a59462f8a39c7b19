"""Clips of people: labelled ones, and talking ones, in which every firing that a teacher does not confirm is false."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from expnet_live.capture.kinds import VIDEO_SUFFIXES
from expnet_live.capture.sources import open_source
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.delimiters import table_rows
from expnet_live.core.errors import UserError
from expnet_live.core.naming import few, printable
from expnet_live.core.types import Array
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.finding import events_of
from expnet_live.gestures.look import Look, values_of
from expnet_live.gestures.rule import Event
from expnet_live.gestures.watching import rules_of
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.gestures.measure import NAMES, Tally, rate_between
from expnet_live.research.evaluation.gestures.script import Act
from expnet_live.research.evaluation.taught import taught_frames
from expnet_live.research.training.actions.teacher import Teacher

log = logging.getLogger(__name__)

_STEP = 5  # frames from one look of the teacher to the next
# What the teacher's scores must reach to confirm a gesture: its scale is smaller than the network's. They stay when the
# gestures' own thresholds change. It cannot judge how heads swing.
_CONFIRMS = {
    "smile": 0.1, "wide smile": 0.4, "frown": 0.1, "mouth open": 0.225, "pucker": 0.175, "cheek puff": 0.02,
    "brows up": 0.2, "brows down": 0.065, "blink both": 0.2, "wink left": 0.175, "wink right": 0.175,
    "look left": 0.18, "look right": 0.18,
}  # fmt: skip
_UNKNOWN = 1.5  # s at the start of a clip, in which the rest is unknown


@dataclass(frozen=True)
class Labelled:
    path: Path
    gesture: str


def read_dataset(path: Path) -> list[Labelled]:
    """Videos of a folder with a folder for each gesture, or of a table with the columns `path` and `gesture`, whose
    paths count from its own folder. Raises UserError if there is none, or a gesture is unknown."""
    if path.is_dir():
        files = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in VIDEO_SUFFIXES]
        found = [Labelled(p, p.parent.name.replace("_", " ")) for p in files]
    else:
        with table_rows(path) as rows:
            if not {"path", "gesture"} <= set(rows.fieldnames or ()):
                raise UserError(f"{path} is no table with the columns path and gesture; give one, or a folder.")
            # Spreadsheets save empty lines as separators alone.
            found = [Labelled(path.parent / (r["path"] or ""), r["gesture"] or "") for r in rows if any(r.values())]
    if not found:
        raise UserError(f"There are no videos in {path}; give a folder for each gesture, with videos in it.")
    for item in found:
        if item.gesture not in NAMES:
            raise UserError(f"{item.path}: there is no gesture {item.gesture}; choose one of {', '.join(NAMES)}.")
    return found


def run_dataset(pipeline: Pipeline, items: Sequence[Labelled]) -> Tally:
    """Each video is one act from its start to its end; it begins with the person's rest."""
    tally = Tally()
    short = []
    for item in tqdm(items, "dataset", unit="clip", disable=None):
        clip = watch(pipeline, item.path)
        if clip.seconds < _UNKNOWN + BUILT_IN[item.gesture].hold:
            short.append(printable(item.path.name))
        tally.add([Act(item.gesture, 0.0, clip.seconds)], clip.events, clip.seconds)
    if short:
        log.warning(
            "%s: too short to tell a gesture; begin each video with %g s of the resting face.", few(short), _UNKNOWN
        )
    return tally


@dataclass(frozen=True, eq=False)
class Watched:
    """The events of a clip, its length in s, and the network's answers (55,) with their times."""

    events: list[Event]
    seconds: float
    times: list[float]
    values: list[Array | None]


def watch(pipeline: Pipeline, video: Path) -> Watched:
    pipeline.reset()
    times: list[float] = []
    values: list[Array | None] = []
    with open_source(video) as source:
        for frame in source:
            states = pipeline.process(frame)
            weights = states[0].blendshapes if states else None
            values.append(None if weights is None else values_of(weights, states[0].pose.rotation))
            times.append(frame.timestamp)
    events = events_of(np.array(times), values, rules_of({}))
    return Watched(events, times[-1] if times else 0.0, times, values)


@dataclass(frozen=True, eq=False)
class Talk:
    """A clip of someone who talks: the network's answers, and the teacher's at some of the times."""

    watched: Watched
    taught: list[tuple[float, Array]]

    @property
    def minutes(self) -> float:
        """In which the person's rest is known."""
        return max(self.watched.seconds - _UNKNOWN, 0.0) / 60


def watch_talking(
    pipeline: Pipeline, videos: Sequence[Path], teacher: Teacher | None, always: bool = False
) -> Iterator[Talk]:
    """The teacher looks at clips in which something fires, or `always`."""
    for video in tqdm(videos, "talking", unit="clip", disable=None):
        clip = watch(pipeline, video)
        asked = teacher is not None and (always or clip.events)
        yield Talk(clip, _taught(pipeline, video, teacher) if asked and teacher is not None else [])


def run_talking(pipeline: Pipeline, videos: Sequence[Path], teacher: Teacher | None) -> dict[str, object]:
    """Firings per minute after the rest is known, and those of them that the teacher does not confirm."""
    minutes, fired, false = 0.0, dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    for talk in watch_talking(pipeline, videos, teacher):
        minutes += talk.minutes
        for event in talk.watched.events:
            fired[event.name] += 1
            end = event.apex if event.offset is None else event.offset
            false[event.name] += not confirmed(event.name, event.onset, end, talk.taught)
    rates = {n: sum(c.values()) / minutes if minutes else float("nan") for n, c in (("all", fired), ("false", false))}
    out: dict[str, object] = {"clips": len(videos), "minutes": minutes, "per_minute": rates["all"], "fired": fired}
    if teacher is None:
        return out
    between = rate_between(sum(false.values()), minutes)
    return out | {"false_per_minute": rates["false"], "false_between": between, "false": false}


def _taught(pipeline: Pipeline, video: Path, teacher: Teacher) -> list[tuple[float, Array]]:
    """What the teacher says of every fifth frame, beside the head's angles by the network."""
    return [
        (frame.timestamp, values_of(np.nan_to_num(taught.mean[:N_BLENDSHAPES]), state.pose.rotation))
        for frame, state, taught in taught_frames(pipeline, video, teacher, _STEP, looks=2)
    ]


def confirmed(name: str, start: float, end: float, taught: Sequence[tuple[float, Array]]) -> bool:
    """Whether the teacher's scores rise as well from `start` to `end` (s)."""
    level = _CONFIRMS.get(name)
    if level is None or not taught:
        return False
    rest = np.median([values for _, values in taught], axis=0)
    margin = _STEP / 25
    looks = (Look(time, values - rest) for time, values in taught if start - margin <= time <= end + margin)
    return max(map(BUILT_IN[name].score, looks), default=0.0) >= level
