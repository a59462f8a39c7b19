"""Fit expression labels to the landmarks of photos."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import add_photos, output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE", help="the labels (.npz)")
    parser.add_argument("--face-model", type=Path, metavar="FILE", help="face model (default: the built-in one)")


def run(args: argparse.Namespace) -> int:
    from collections import Counter

    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.labels import make_labels
    from expnet_live.research.training.workspace import landmarks_of, photos_of

    args.landmarks = args.landmarks or args.out.with_suffix(".landmarks.npz")
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    labels = make_labels(landmarks, photos.subjects(landmarks.key), FaceModel.load(args.face_model))
    labels.save(args.out)
    counts = Counter(labels.reason.tolist())
    print(f"{counts.pop('', 0)} labels are in {args.out}; rejected: {dict(counts) or 'none'}")
    return 0
