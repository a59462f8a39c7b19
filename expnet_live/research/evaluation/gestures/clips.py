"""Clips of people: labelled ones, and talking ones, in which every firing that a teacher does not confirm is false."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from expnet_live.capture.kinds import VIDEO_SUFFIXES
from expnet_live.capture.sources import open_source
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.geometry.camera import Camera
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.finding import events_of
from expnet_live.gestures.look import Look, values_of
from expnet_live.gestures.rule import Event
from expnet_live.gestures.watching import rules_of
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.gestures.measure import NAMES, Tally
from expnet_live.research.evaluation.gestures.script import Act
from expnet_live.research.training.actions.teacher import Teacher

_STEP = 5  # frames from one look of the teacher to the next
_CONFIRMS = 0.5  # of a rule's threshold, which the teacher's scores must reach: its scale is smaller
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
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                found = [Labelled(path.parent / row["path"], row["gesture"]) for row in csv.DictReader(file)]
        except (OSError, KeyError, UnicodeDecodeError) as e:
            raise UserError(f"{path} is no table with the columns path and gesture; give one, or a folder.") from e
    if not found:
        raise UserError(f"There are no videos in {path}; give a folder for each gesture, with videos in it.")
    for item in found:
        if item.gesture not in NAMES:
            raise UserError(f"{item.path}: there is no gesture {item.gesture}; choose one of {', '.join(NAMES)}.")
    return found


def run_dataset(pipeline: Pipeline, items: Sequence[Labelled]) -> Tally:
    """Each video is one act from its start to its end."""
    tally = Tally()
    for item in tqdm(items, "dataset", unit="clip"):
        clip = watch(pipeline, item.path)
        tally.add([Act(item.gesture, 0.0, clip.seconds)], clip.events, clip.seconds)
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


def run_talking(pipeline: Pipeline, videos: Sequence[Path], teacher: Teacher | None) -> dict[str, object]:
    """Firings per minute after the rest is known, and those of them that the teacher does not confirm."""
    minutes, fired, false = 0.0, dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    for video in tqdm(videos, "talking", unit="clip"):
        clip = watch(pipeline, video)
        minutes += max(clip.seconds - _UNKNOWN, 0.0) / 60
        taught = _taught(pipeline, video, teacher) if teacher is not None and clip.events else []
        for event in clip.events:
            fired[event.name] += 1
            false[event.name] += not _confirmed(event, taught)
    rates = {n: sum(c.values()) / minutes if minutes else float("nan") for n, c in (("all", fired), ("false", false))}
    out: dict[str, object] = {"clips": len(videos), "minutes": minutes, "per_minute": rates["all"], "fired": fired}
    return out if teacher is None else out | {"false_per_minute": rates["false"], "false": false}


def _taught(pipeline: Pipeline, video: Path, teacher: Teacher) -> list[tuple[float, Array]]:
    """What the teacher says of every fifth frame, beside the head's angles by the network."""
    said = []
    pipeline.reset()
    with open_source(video) as source:
        for frame in source:
            states = pipeline.process(frame)
            if frame.index % _STEP or not states:
                continue
            height, width = frame.image.shape[:2]
            found = teacher.teach(frame.image, Camera.for_image(width, height).view(states[0].pose), looks=2)
            if found is not None:
                weights = np.nan_to_num(found.mean[:N_BLENDSHAPES])
                said.append((frame.timestamp, values_of(weights, states[0].pose.rotation)))
    return said


def _confirmed(event: Event, taught: Sequence[tuple[float, Array]]) -> bool:
    """Whether the teacher's scores rise as well; the head's swings are none of its business."""
    if not taught:
        return False
    rule = BUILT_IN[event.name]
    if rule.part == "head":
        return False
    rest = np.median([v for _, v in taught], axis=0)
    margin = _STEP / 25
    end = event.apex if event.offset is None else event.offset
    scores = [
        rule.score(Look(time, value - rest)) for time, value in taught if event.onset - margin <= time <= end + margin
    ]
    return max(scores, default=0.0) >= _CONFIRMS * rule.on
