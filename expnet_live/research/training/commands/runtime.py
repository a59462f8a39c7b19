"""Write the files that the program runs, float and int8, beside a file of weights (needs onnx)."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "weights", nargs="?", type=Path, metavar="WEIGHTS", help=".safetensors (default: the built-in network)"
    )
    parser.add_argument(
        "--photos", nargs="+", type=Path, default=[], metavar="PHOTOS",
        help="photos, folders or tar archives of photos that set the ranges of int8 (default: the demo clip)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    from expnet_live.core.paths import asset
    from expnet_live.networks.checkpoint import Weights
    from expnet_live.networks.predictor import ASSET
    from expnet_live.pipeline.finder import Finder
    from expnet_live.research.training.photos import list_photos
    from expnet_live.research.training.runtime import crops_for_int8, pictures_of, write_runtime_files

    weights = args.weights or asset(ASSET)
    size = Weights.read(weights).config.crop_size
    crops = crops_for_int8(pictures_of(list_photos(args.photos)), Finder(), size)
    for path in write_runtime_files(weights, crops):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0
