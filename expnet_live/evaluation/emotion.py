"""`expnet-live evaluate emotion`: do the coefficients tell emotions apart, and down to which image scale?

The paper's protocol as reconstructed from secondary notes: k nearest neighbours (K = 5) on the 29
coefficients, leaving one subject out, on photos of people never trained on, images scaled down. Classes are
balanced by drawing as many photos of each as the rarest has; figures are means over many draws. Both ways get
the same boxes: the detector's at full size, scaled.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from expnet_live.cli.arguments import add_photos
from expnet_live.errors import UserError
from expnet_live.evaluation.photo_test import estimate, padded_detect, shrunk, shrunk_detection
from expnet_live.face_model.model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.detector import Detection, MediapipeDetector
from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator
from expnet_live.training.photos import read_photo
from expnet_live.training.workspace import landmarks_of, photos_of
from expnet_live.types import Array, Image

SCALES = (1.0, 0.4, 0.2, 0.1, 0.05)
EMOTIONS = ("neutral", "happiness", "surprise", "anger", "sadness", "disgust")
NEIGHBOURS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)
    parser.add_argument("--scales", type=float, nargs="+", default=list(SCALES), metavar="S")
    parser.add_argument("--draws", type=int, default=100, metavar="N", help="balanced draws to average (default: 100)")
    parser.add_argument("--most", type=int, default=150, metavar="N", help="photos kept of a class (default: 150)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")


def run(args: argparse.Namespace) -> int:
    model, predictor = FaceModel.load(), Predictor.load(args.model, args.device)
    fitter = LandmarkFitEstimator(model, min_confidence=0.1)
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    keys = landmarks.key
    emotion, subject = photos.emotions(keys), photos.subjects(keys)
    rng = np.random.default_rng(0)
    held = photos.split(landmarks).held_out
    chosen = [np.flatnonzero(held & (emotion == e)) for e in EMOTIONS]
    if min(len(c) for c in chosen) <= NEIGHBOURS:
        raise UserError(
            "There are too few labelled photos of held-out people; give the CSV of emotions with --metadata."
        )
    rows = np.concatenate([np.sort(rng.permutation(c)[: args.most]) for c in chosen])

    detector = MediapipeDetector()
    pictures: list[tuple[int, Image, Detection]] = []
    for i in tqdm(rows, "boxes", unit="photo"):
        image = read_photo(photos.refs[str(keys[i])])
        face = None if image is None else padded_detect(detector, image)
        if image is not None and face is not None:
            pictures.append((int(i), image, face))
    label = np.array([EMOTIONS.index(emotion[i]) for i, *_ in pictures])
    person = np.unique([subject[i] for i, *_ in pictures], return_inverse=True)[1]
    figures: dict[str, object] = {"photos": {e: int((label == k).sum()) for k, e in enumerate(EMOTIONS)}, "scales": {}}
    print(f"photos: {figures['photos']}")
    for scale in args.scales:
        small = [shrunk(x, scale) for _, x, _ in pictures]
        faces = [shrunk_detection(f, x, s) for (_, x, f), s in zip(pictures, small, strict=True)]
        net = np.stack([e.expression for e in estimate(small, faces, predictor, model)])
        fit, lost = _landmark_features(fitter, small, faces)
        features = {"expnet": net, "landmark fit": fit}
        accuracy = {n: balanced_accuracy(f, label, person, args.draws) for n, f in features.items()}
        row = {n: {"accuracy": float(a.mean()), "sd of draws": float(a.std())} for n, a in accuracy.items()}
        row["ratio"] = {"accuracy": float(accuracy["expnet"].mean() / accuracy["landmark fit"].mean())}
        row["landmarks not found"] = {"photos": float(lost)}
        scales = figures["scales"]
        assert isinstance(scales, dict)
        scales[str(scale)] = row
        print(
            f"scale {scale:<4}: ExpNet {row['expnet']['accuracy']:.3f}, "
            f"landmark fit {row['landmark fit']['accuracy']:.3f} "
            f"(no landmarks in {lost} of {len(small)}), ratio {row['ratio']['accuracy']:.2f}",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))
    return 0


def _landmark_features(fitter: LandmarkFitEstimator, images: list[Image], faces: list[Detection]) -> tuple[Array, int]:
    """Coefficients of the landmark fit (N, 29), a face at rest where no landmarks are found, and how often that was."""
    found = [fitter.landmarks(x, f) for x, f in zip(images, faces, strict=True)]
    out = np.tile(fitter.model.prior_mean, (len(found), 1))
    there = [i for i, p in enumerate(found) if p is not None]
    if there:
        out[there] = fitter.fit(np.stack([p for p in found if p is not None])).expression
    return out, len(found) - len(there)


def balanced_accuracy(features: Array, label: Array, subject: Array, draws: int, k: int = NEIGHBOURS) -> Array:
    """Accuracy (draws,) of kNN with each class drawn equally often, never asking photos of the same subject."""
    rng = np.random.default_rng(1)
    n = np.bincount(label).min()
    scaled = (features - features.mean(0)) / np.maximum(features.std(0), 1e-6)
    result = np.zeros(draws)
    for d in range(draws):
        pick = np.concatenate([rng.permutation(np.flatnonzero(label == c))[:n] for c in range(label.max() + 1)])
        x, y, s = scaled[pick], label[pick], subject[pick]
        distance = ((x[:, None] - x[None]) ** 2).sum(2)
        distance[s[:, None] == s[None]] = np.inf
        nearest = np.argsort(distance, axis=1)[:, :k]
        votes = np.zeros((len(y), label.max() + 1))
        near = np.sort(distance, axis=1)[:, :k]
        # Ties go to the nearer neighbours.
        for j in range(k):
            votes[np.arange(len(y)), y[nearest[:, j]]] += 1 + 1e-3 / (1 + near[:, j])
        result[d] = (votes.argmax(1) == y).mean()
    return result
