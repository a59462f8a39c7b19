"""Render the demo clip: a head performing expressions."""

from __future__ import annotations

import argparse

from expnet_live.core.arguments import output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.demo_clip import make_demo_clip

    make_demo_clip(FaceModel.load(), args.out)
    return 0
