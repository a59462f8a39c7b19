"""`expnet-live evaluate emotion`: how well do the coefficients classify emotions, and down to which image scale?

The paper's protocol is reconstructed from secondary notes: k nearest neighbours (K = 5) on the 29 coefficients,
leaving one subject out, with images scaled down. On a data set (--dataset), all samples count, unbalanced. On photo
collections that ExpNet was partly trained on (PHOTOS), only held-out people count, and classes are balanced by
drawing as many photos of each as the rarest has; figures are means over many draws. All methods get the same boxes:
the detector's at full size, scaled.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from expnet_live.core.arguments import (
    add_photos,
    output_file,
    output_folder,
    positive_float,
    positive_int,
    whole_number,
)
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.pipeline.finder import Finder
from expnet_live.research.evaluation.emotion.data import LOADERS, Sample, load_samples
from expnet_live.research.evaluation.emotion.features import FEATURES, TITLES, feature_names
from expnet_live.research.evaluation.emotion.knn import NEIGHBOURS
from expnet_live.research.evaluation.emotion.measure import describe, outcomes_of
from expnet_live.research.evaluation.emotion.report import check_matplotlib, figures_of, lines_of, write_report
from expnet_live.research.training.workspace import landmarks_of, photos_of

PAPER_SCALES = (1.0, 0.8, 0.6, 0.4, 0.2)
PHOTO_SCALES = (1.0, 0.4, 0.2, 0.1, 0.05)
EMOTIONS = ("neutral", "happiness", "surprise", "anger", "sadness", "disgust")
PHOTO_DRAWS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser, needed=False)
    parser.add_argument("--dataset", choices=list(LOADERS), help="layout of the data set in --root")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the data set's folder")
    parser.add_argument(
        "--features", type=feature_names, default=["expnet", "landmark-fit"], metavar="NAMES",
        help=f"what to compare, separated by commas: {', '.join(TITLES)} (default: expnet,landmark-fit)",
    )  # fmt: skip
    parser.add_argument(
        "--scales", type=positive_float, nargs="+", metavar="S",
        help="image scales (default: 1 .8 .6 .4 .2; with PHOTOS 1 .4 .2 .1 .05)",
    )  # fmt: skip
    parser.add_argument(
        "--neighbours", type=positive_int, default=NEIGHBOURS, metavar="K", help="number of neighbours (default: 5)"
    )
    parser.add_argument(
        "--draws",
        type=whole_number,
        metavar="N",
        help="balanced draws to average (default: 100 with PHOTOS, else 0: all count)",
    )
    parser.add_argument(
        "--most", type=positive_int, default=150, metavar="N", help="with PHOTOS: most photos of a class (default: 150)"
    )
    parser.add_argument(
        "--frames",
        type=positive_int,
        default=16,
        metavar="N",
        help="frames to use of a clip, evenly spread (default: 16)",
    )
    parser.add_argument(
        "--out", type=output_folder, metavar="DIR", help="also write a report with pictures to this folder"
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    if (args.dataset is None) == (not args.photos) or (args.dataset is None) != (args.root is None):
        raise UserError("Give either a data set with --dataset and --root, or PHOTOS.")
    import sklearn  # noqa: F401  report what is missing before anything is measured

    if args.out:
        check_matplotlib()
    features = {name: FEATURES[name](args) for name in args.features}
    samples = load_samples(args.dataset, args.root) if args.dataset else _held_out(args)
    scales = args.scales or (PAPER_SCALES if args.dataset else PHOTO_SCALES)
    draws = (0 if args.dataset else PHOTO_DRAWS) if args.draws is None else args.draws
    described = describe(samples, features, scales, Finder(), args.frames)
    present = {s.emotion for s in described.samples}
    emotions = [e for e in EMOTIONS if e in present] + sorted(present - set(EMOTIONS))
    outcomes = outcomes_of(described, emotions, draws, args.neighbours)
    figures = figures_of(described, outcomes, emotions, _about(args, samples, draws))
    print(f"photos: {figures['photos']}")
    print("\n".join(lines_of(figures)))
    if args.out:
        write_report(args.out, figures)
    if args.json:
        write_json(args.json, figures)
    return 0


def _about(args: argparse.Namespace, samples: list[Sample], draws: int) -> dict[str, str]:
    split = samples[0].reference is not None
    left = "tested on Val with neighbours from Train" if split else "leaving one subject out"
    balance = f", classes balanced in {draws} draws" if draws and not split else ""
    data = f"{args.dataset}, {args.root.name}" if args.dataset else "photos of held-out people"
    return {
        "data": data,
        "protocol": f"kNN (K = {args.neighbours}) on standardized features, {left}{balance}.",
    }


def _held_out(args: argparse.Namespace) -> list[Sample]:
    """Photos of held-out people, at most `args.most` of a class."""
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    keys = landmarks.key
    emotion, subject = photos.emotions(keys), photos.subjects(keys)
    rng = np.random.default_rng(0)
    held = photos.split(landmarks).held_out
    chosen = [np.flatnonzero(held & (emotion == e)) for e in EMOTIONS]
    if min(len(c) for c in chosen) <= args.neighbours:
        counts = ", ".join(f"{e} {len(c)}" for e, c in zip(EMOTIONS, chosen, strict=True))
        raise UserError(
            f"There are too few labelled photos of held-out people for {args.neighbours} neighbours ({counts}); give "
            "more photos, with the CSV of their emotions as --metadata."
        )
    rows = np.concatenate([np.sort(rng.permutation(c)[: args.most]) for c in chosen])
    return [Sample(photos.refs[str(keys[i])], str(subject[i]), str(emotion[i])) for i in rows]
