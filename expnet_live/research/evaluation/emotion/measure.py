"""Computes features of labelled samples at each scale, and classifies them with kNN."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.types import Array, Image
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.research.evaluation.accuracy.looks import padded_detect, shrunk, shrunk_detection
from expnet_live.research.evaluation.emotion.data import Sample
from expnet_live.research.evaluation.emotion.features import Feature
from expnet_live.research.evaluation.emotion.knn import NEIGHBOURS, Outcome, classify, classify_balanced

log = logging.getLogger(__name__)

_BATCH = 64  # pictures at a time: clips would not fit into memory at once


@dataclass(frozen=True, eq=False)
class Described:
    """Features of the N samples in which a face was found, pooled over the frames of each (their mean).

    `rows` and `seen` by feature and scale: (N, D), and (N,) the share of a sample's frames in which the method
    found the face. `left_out`: number of samples without a face, `unreadable`: number without a picture.
    """

    samples: list[Sample]
    rows: dict[tuple[str, float], Array]
    seen: dict[tuple[str, float], Array]
    left_out: int
    unreadable: int


def describe(
    samples: Sequence[Sample], features: dict[str, Feature], scales: Sequence[float], detector: FaceDetector, most: int
) -> Described:
    """All features at all scales. All methods get the same boxes: the detector's at full size, scaled."""
    keys = [(name, scale) for name in features for scale in scales]
    rows: dict[tuple[str, float], list[Array]] = {k: [] for k in keys}
    seen: dict[tuple[str, float], list[Array]] = {k: [] for k in keys}
    kept: list[Sample] = []
    missing = {"face": 0, "picture": 0}
    for batch in _batches(samples, detector, most, missing):
        images = [x for _, found in batch for x, _ in found]
        faces = [f for _, found in batch for _, f in found]
        of = np.repeat(np.arange(len(batch)), [len(found) for _, found in batch])
        kept += [s for s, _ in batch]
        for scale in scales:
            small = [shrunk(x, scale) for x in images]
            scaled = [shrunk_detection(f, x, s) for f, x, s in zip(faces, images, small, strict=True)]
            for name, feature in features.items():
                values, there = feature(small, scaled)
                rows[name, scale].append(_means(values, of))
                seen[name, scale].append(_means(there[:, None].astype(float), of)[:, 0])
    if not kept:
        raise UserError("No face is found in any of the labelled pictures; is --root the right folder?")
    return Described(
        kept,
        {k: np.concatenate(v) for k, v in rows.items()},
        {k: np.concatenate(v) for k, v in seen.items()},
        missing["face"],
        missing["picture"],
    )


_Found = list[tuple[Image, Detection]]


def _batches(
    samples: Sequence[Sample], detector: FaceDetector, most: int, missing: dict[str, int]
) -> Iterator[list[tuple[Sample, _Found]]]:
    """Samples with the frames that show a face; `missing` counts the others."""
    batch: list[tuple[Sample, _Found]] = []
    for sample in tqdm(samples, "faces", unit="sample"):
        try:
            frames = sample.frames(most)
        except SourceError as e:
            log.warning("%s", e)
            missing["picture"] += 1
            continue
        found = [(x, f) for x in frames if (f := padded_detect(detector, x)) is not None]
        if not found:
            missing["face"] += 1
            continue
        batch.append((sample, found))
        if sum(len(f) for _, f in batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _means(values: Array, of: Array) -> Array:
    """The mean row of each sample."""
    sums = np.zeros((of.max() + 1, values.shape[1]))
    np.add.at(sums, of, values)
    return sums / np.bincount(of)[:, None]


def outcomes_of(
    described: Described, emotions: Sequence[str], draws: int, k: int = NEIGHBOURS
) -> dict[tuple[str, float], Outcome]:
    """The kNN results by feature and scale; with `draws`, classes are drawn equally often.

    Raises UserError if there are too few samples for that.
    """
    label = np.array([emotions.index(s.emotion) for s in described.samples])
    subject = np.unique([s.subject for s in described.samples], return_inverse=True)[1]
    given = [s.reference for s in described.samples]
    reference = None if None in given else np.array(given, bool)
    counts = np.bincount(label, minlength=len(emotions))
    if counts.min() <= (k if draws else 0) or len(set(subject.tolist())) < 2 or len(emotions) < 2:
        raise UserError(
            f"There are too few labelled photos with a face for {k} neighbours: "
            f"{', '.join(f'{e} {n}' for e, n in zip(emotions, counts, strict=True))}; give more."
        )
    if draws and reference is None:
        return {key: classify_balanced(rows, label, subject, draws, k) for key, rows in described.rows.items()}
    return {key: classify(rows, label, subject, reference=reference, k=k) for key, rows in described.rows.items()}
