"""Compares face finders on the same pictures: the recall of each at one false alarm in 100 pictures, and their time.

Faces of photos are set into pictures without people, at several sizes, rolls and covers. A face counts as found if a
detection's middle lies within half of its side from its own middle. What the network says later of a detection does not
count here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array, Box, Image
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import MediapipeDetector
from expnet_live.pipeline.finder import Finder

FALSE_ALARMS = 0.01  # of pictures without people
_SIZES = (14, 28, 60, 120, 200)  # px
_STANDARD = 120  # px, of turned and covered faces
_ROLLS = (30, 60, 90, 180)  # degrees
_COVERS = ("left half", "lower half", "eyes")
_LEAST = (320, 240)  # px of a picture
_NEAR = 0.5  # sides of the box
_LOWEST = 0.02  # score of a detection that counts


@dataclass(frozen=True)
class Case:
    """One way to show a face: the longer side of its box in px, its clockwise roll in degrees, what is covered."""

    name: str
    size: int = _STANDARD
    roll: int = 0
    cover: str = ""


CASES = (
    *(Case(f"{size} px", size) for size in _SIZES),
    *(Case(f"rolled {roll} degrees", roll=roll) for roll in _ROLLS),
    *(Case(f"{cover} covered", cover=cover) for cover in _COVERS),
)

Search = Callable[[Image], list[Detection]]


@dataclass
class Score:
    """The best scores of a finder: of each face, by case, and of each picture without people; ms of its searches, by
    case: a large face ends one after the first look.
    """

    faces: dict[str, list[float]] = field(default_factory=lambda: {c.name: [] for c in CASES})
    empty: list[float] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=lambda: {c.name: [] for c in CASES})

    @property
    def threshold(self) -> float:
        """The lowest score that no more than FALSE_ALARMS of the pictures without people reach."""
        worst = sorted(self.empty, reverse=True)
        return float(np.nextafter(worst[int(FALSE_ALARMS * len(worst))], 2)) if worst else 0.0

    def recall(self, case: str) -> float:
        return float(np.mean([s >= self.threshold for s in self.faces[case]])) if self.faces[case] else math.nan

    def figures(self) -> dict[str, object]:
        return {
            "threshold": self.threshold,
            "recall": {name: self.recall(name) for name in self.faces},
            "median ms": float(np.median([t for times in self.times.values() for t in times] or [math.nan])),
            "ms of one look": self.look,
        }

    @property
    def look(self) -> float:
        """The median time of one look, in ms."""
        times = self.times[CASES[len(_SIZES) - 1].name]
        return float(np.median(times)) if times else math.nan


def searches_of(path: Path | None = None) -> dict[str, Search]:
    """The searches of a video's frame, with doubtful detections too: ours, with the network in `path` (None: the
    built-in one), and mediapipe's where it can be loaded.
    """
    searches: dict[str, Search] = {"finder": Finder(_LOWEST, path=path).detect}
    blazeface = MediapipeDetector(_LOWEST)
    try:
        blazeface.detect(np.zeros((64, 64, 3), np.uint8))
    except UserError:
        return searches
    return {**searches, "mediapipe": blazeface.detect}


def print_scores(scores: dict[str, Score]) -> None:
    for name, score in scores.items():
        print(f"{name} alone, at one false alarm in 100 pictures (score {score.threshold:.2f}), ", end="")
        print(f"{score.look:.2f} ms a look:")
        for case in CASES:
            print(f"  {case.name:20} {score.recall(case.name):6.1%}")


def look_for_all(
    face: Image,
    box: Box,
    scenes: Sequence[Image],
    searches: dict[str, Search],
    scores: dict[str, Score],
    rng: np.random.Generator,
) -> None:
    """Show a photo's face, whose box is known, to all searches in all cases."""
    for case, picture, middle in shown(face, box, scenes, rng):
        for name, search in searches.items():
            start = time.perf_counter()
            found = search(picture)
            scores[name].times[case.name].append(1000 * (time.perf_counter() - start))
            near = [d.score for d in found if math.dist(d.box.center, middle) <= _NEAR * case.size]
            scores[name].faces[case.name].append(max(near, default=0.0))


def shown(
    face: Image, box: Box, scenes: Sequence[Image], rng: np.random.Generator
) -> Iterator[tuple[Case, Image, Array]]:
    """For each case, a picture with the face, and where the middle of its box is."""
    for case in CASES:
        scene = scenes[int(rng.integers(len(scenes)))]
        factor = max(*(n / m for n, m in zip(_LEAST, scene.shape[1::-1], strict=True)), 1.6 * case.size / _LEAST[1])
        picture = np.asarray(cv2.resize(scene, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        zoom, turn = case.size / max(box.w, box.h), math.radians(case.roll)
        photo, middle = covered(face, box, case.cover), np.array(box.center)
        while zoom < 0.5:
            photo = np.asarray(cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
            zoom, middle = 2 * zoom, (middle - 0.5) / 2
        matrix = zoom * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        room = 0.6 * case.size
        height, width = picture.shape[:2]
        there = np.array([rng.uniform(room, width - room), rng.uniform(room, height - room)])
        move = np.hstack([matrix, (there - matrix @ middle)[:, None]])
        cv2.warpAffine(
            photo, move, (width, height), dst=picture, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
        yield case, picture, there


def covered(photo: Image, box: Box, cover: str) -> Image:
    """The photo with a part of the face behind a grey surface."""
    if not cover:
        return photo
    x, y, w, h = box.x, box.y, box.w, box.h
    parts = {
        "left half": (x - w, y - h, 1.5 * w, 3 * h),
        "lower half": (x - w, y + 0.55 * h, 3 * w, 2 * h),
        "eyes": (x - w, y + 0.1 * h, 3 * w, 0.35 * h),
    }
    left, top, width, height = parts[cover]
    x0, y0, x1, y1 = (max(0, round(v)) for v in (left, top, left + width, top + height))
    result = photo.copy()
    result[y0:y1, x0:x1] = 120
    return result
