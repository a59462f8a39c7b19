"""Measures how far the asymmetry in reports is the network's own: a mirrored video should have the opposite one, and
within a video it should not follow the head's yaw.

python scripts/mirror_asymmetry.py VIDEO|FOLDER...
"""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import islice
from pathlib import Path

import numpy as np

from expnet_live.capture.sources import open_source
from expnet_live.core.arkit import INDEX, MIRROR
from expnet_live.core.types import Array, FaceState, Frame
from expnet_live.geometry.rotation import turns
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.reports.measures import asymmetries
from expnet_live.reports.recordings import Recording

_LEAST = 10  # clips, or frames of one
_MOST = 150  # frames of a video
_STRONG = 0.1  # both sides together


def recording(name: str, states: list[FaceState]) -> Recording:
    """The frames of a video in which its first face is seen."""
    unknown = np.full(len(states), np.nan)
    weights = np.array([s.blendshapes for s in states])
    rotation = np.array([s.pose.rotation for s in states])
    time = np.array([s.timestamp for s in states])
    return Recording(name, -1, time, np.ones(len(states), bool), weights, rotation, unknown, unknown)


def leaning(recording: Recording, action: str) -> Array:
    """Yaw in rad and index (2, T) of the frames in which both sides together are strong, less their means."""
    left = INDEX[f"{action}Left"]
    sides = recording.weights[:, [left, MIRROR[left]]]
    strong = sides.sum(1) > _STRONG
    yaw = np.array([turns(r)[0] for r in recording.rotation[strong]])
    index = (sides[strong, 0] - sides[strong, 1]) / sides[strong].sum(1)
    return np.array([yaw, index]) - [[yaw.mean()], [index.mean()]]


def main() -> None:
    given = [Path(text) for text in sys.argv[1:]]
    videos = [v for p in given for v in (sorted(p.glob("*.mp4")) if p.is_dir() else [p])]
    plain, mirrored = Pipeline.load(), Pipeline.load()
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    leans: dict[str, list[Array]] = defaultdict(list)
    for video in videos:
        plain.reset()
        mirrored.reset()
        states: list[FaceState] = []
        flipped: list[FaceState] = []
        with open_source(video) as source:
            for frame in islice(source, _MOST):
                states += plain.process(frame)[:1]
                image = np.ascontiguousarray(frame.image[:, ::-1])
                flipped += mirrored.process(Frame(image, frame.timestamp, frame.index))[:1]
        if min(len(states), len(flipped)) < _LEAST:
            continue
        one, other = ({f.of: f.value for f in asymmetries(recording(video.name, s))} for s in (states, flipped))
        for action in one.keys() & other.keys():
            found[action].append((one[action], other[action]))
            leans[action].append(leaning(recording(video.name, states), action))
    print("| action | clips | its own: mean, sd | of faces: sd | for each rad of yaw |\n|---|---|---|---|---|")
    for action, pairs in sorted(found.items()):
        if len(pairs) >= _LEAST:
            values = np.array(pairs)
            own, face = values.mean(1), (values[:, 0] - values[:, 1]) / 2
            yaw, index = np.concatenate(leans[action], axis=1)
            lean = yaw @ index / (yaw @ yaw)
            print(f"| {action} | {len(pairs)} | {own.mean():.3f}, {own.std():.3f} | {face.std():.2f} | {lean:.2f} |")


if __name__ == "__main__":
    main()
