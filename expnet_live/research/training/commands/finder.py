"""Train the network that finds faces in a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import output_folder
from expnet_live.research.training.commands.material import add_material, material_of
from expnet_live.research.training.commands.options import add_options, chosen_of
from expnet_live.research.training.finder.options import FinderConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_material(parser)
    parser.add_argument(
        "--scenes", nargs="+", type=Path, required=True, metavar="PHOTOS", help="pictures without people"
    )
    parser.add_argument(
        "--out", type=output_folder, required=True, metavar="DIR",
        help="finder.onnx, finder.pt, log.csv, and the checkpoint from which the same command goes on",
    )  # fmt: skip
    add_options(parser, FinderConfig)


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.training.finder.pictures import read_scenes
    from expnet_live.research.training.finder.train import train_finder
    from expnet_live.research.training.photos import list_photos

    scenes = read_scenes(list_photos(args.scenes))
    config = FinderConfig(**chosen_of(args, FinderConfig))
    print(f"the finder is in {train_finder(material_of(args), scenes, args.out, config)}")
    return 0
