"""Learns to tell faces apart: a linear map of what pipeline/appearance.py measures, from clips of one person each.

Fisher's linear discriminants (Fisher 1936, The use of multiple measurements in taxonomic problems): directions in
which clips differ most, in relation to how much the frames of one clip differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import linalg
from tqdm import tqdm

from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.types import Array
from expnet_live.pipeline.appearance import Appearance, measured
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.look import FacePredictor
from expnet_live.pipeline.tracker import Tracker
from expnet_live.research.training.actions.people import is_held_out

_EVERY = 4  # frames
_DIRECTIONS, _RIDGE = 32, 0.05
_CONFIDENCE, _APART = 0.5, 1.0  # of a face that counts; s between two frames that are compared
_PAIRS = 200  # of each clip
_FALSE = 0.01  # of pairs of two people that may count as one


@dataclass(frozen=True, eq=False)
class Clip:
    """What was measured of a face at `times` (n,) s: `values` (n, K + 75)."""

    name: str
    times: Array
    values: Array


def clips_of(paths: Sequence[Path], predictor: FacePredictor) -> list[Clip]:
    """Clips with at least two faces found in them. Raises UserError if a file cannot be read."""
    found = []
    for path in tqdm(paths, "clips", unit="clip"):
        tracker = Tracker(Finder(), predictor)
        times, values = [], []
        with open_source(str(path)) as source:
            for frame in source:
                tracks = tracker.update(frame.image, frame.timestamp)
                look = tracks[0].look if tracks else None
                if frame.index % _EVERY == 0 and look is not None and look.confidence > _CONFIDENCE:
                    times.append(frame.timestamp)
                    values.append(measured(look.pixels, look.in_crop, look.identity))
        if len(values) > 1:
            found.append(Clip(path.stem, np.array(times), np.array(values)))
    return found


def train_likeness(clips: Sequence[Clip], out: Path) -> dict[str, float]:
    """Learn the map from the clips of training people, write it to `out`, and return its figures for held-out people.

    Raises UserError if there are too few clips.
    """
    known = [c for c in clips if not is_held_out(c.name)]
    if len(known) <= 2:
        raise UserError("Too few clips of training people show a face; give more clips.")
    mean, mapping = discriminants([c.values for c in known])
    with whole(out) as partial, partial.open("wb") as f:
        np.savez_compressed(f, mean=mean.astype(np.float32), map=mapping.astype(np.float32))
    test = [c for c in clips if is_held_out(c.name)]
    if len(test) < 2:
        return {}
    return {
        "recognised as measured": recognised(test, Appearance),
        "recognised after the map": recognised(test, lambda x: Appearance((x - mean) @ mapping, mapped=True)),
    }


def discriminants(classes: Sequence[Array]) -> tuple[Array, Array]:
    """Mean (n,) and map (n, m) of samples (k, n) of each class; all classes count the same."""
    samples = np.concatenate(classes).astype(np.float64)
    mean, scale = samples.mean(0), samples.std(0) + 1e-6
    scaled = [(x - mean) / scale for x in classes]
    within = np.mean([np.cov(x.T, bias=True) for x in scaled], axis=0)
    within += _RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    between = np.cov(np.transpose([x.mean(0) for x in scaled]))
    directions: Array = linalg.eigh(between, within)[1][:, ::-1][:, :_DIRECTIONS]
    return mean, directions / scale[:, None]


def recognised(clips: Sequence[Clip], appearance: Callable[[Array], Appearance]) -> float:
    """The share of pairs of frames of one clip, some time apart, that are more alike than all but a few pairs of two
    clips.
    """
    rng = np.random.default_rng(0)
    seen = [[appearance(v) for v in c.values] for c in clips]
    same, other = [], []
    for a, clip in enumerate(clips):
        for _ in range(_PAIRS):
            i, j = rng.integers(len(clip.times), size=2)
            if abs(clip.times[i] - clip.times[j]) >= _APART:
                same.append(seen[a][i].distance(seen[a][j]))
            b = int(rng.integers(len(clips)))
            if a != b and _person(clip.name) != _person(clips[b].name):
                other.append(seen[a][i].distance(seen[b][int(rng.integers(len(seen[b])))]))
    return float(np.mean(np.array(same) < np.quantile(other, _FALSE))) if same and other else float("nan")


def _person(clip: str) -> str:
    """Clips of one person begin with the same words."""
    return "_".join(clip.split("_")[:3])
