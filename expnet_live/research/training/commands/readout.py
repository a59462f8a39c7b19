"""Teach a trained network the components of another face model, in its last layer alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import add_photos, output_folder
from expnet_live.research.training.commands.options import add_options, chosen_of
from expnet_live.research.training.options import ReadoutConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="FILE", help="labels of the face model from 'train labels'"
    )
    parser.add_argument("--face-model", type=Path, metavar="FILE", help="face model (default: the built-in one)")
    parser.add_argument(
        "--init", type=Path, required=True, metavar="FILE", help="the network (.safetensors), with its .onnx files"
    )
    parser.add_argument("--crops", type=Path, metavar="FILE", help="cache of crops (.npy; default: in DIR)")
    parser.add_argument("--out", type=output_folder, required=True, metavar="DIR", help="where the weights go")
    add_options(parser, ReadoutConfig)


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.training.readout import learn_readout
    from expnet_live.research.training.runtime import renew_last_layers
    from expnet_live.research.training.workspace import crops_of

    crops, _, model = crops_of(args)
    config = ReadoutConfig(**chosen_of(args, ReadoutConfig))
    result = learn_readout(crops, model, args.init, args.out, config)
    print(f"the weights are in {result}")
    files = renew_last_layers(result, args.init)
    print(f"the program runs {' and '.join(str(f) for f in files)}")
    return 0
