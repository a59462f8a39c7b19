"""Draw the 29 components and the mean face."""

from __future__ import annotations

import argparse

from expnet_live.core.arguments import output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=output_file, required=True, metavar="PNG")


def run(args: argparse.Namespace) -> int:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.render.sheet import save_component_sheet

    save_component_sheet(FaceModel.load(), args.out)
    return 0
