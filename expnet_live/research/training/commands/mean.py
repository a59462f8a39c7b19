"""Take the mean of the networks of two stages of 'train actions', and give its actions full strength."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import output_folder, share
from expnet_live.research.training.commands.material import add_material, material_of
from expnet_live.research.training.commands.ready import at_full_strength


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_material(parser)
    parser.add_argument("--before", type=Path, required=True, metavar="FILE", help="expnet.safetensors of a stage")
    parser.add_argument("--after", type=Path, required=True, metavar="FILE", help="the same of a later stage")
    parser.add_argument("--share", type=share, default=0.7, metavar="X", help="weight of the later one (default: 0.7)")
    parser.add_argument("--out", type=output_folder, required=True, metavar="DIR", help="where the weights go")


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.training.actions.mean import mean_of

    material = material_of(args)
    args.out.mkdir(parents=True, exist_ok=True)
    mean = mean_of(args.before, args.after, args.share, args.out / "expnet.safetensors")
    at_full_strength(mean, material, args.out)
    return 0
