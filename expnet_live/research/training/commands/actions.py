"""Fine-tune a network to predict ARKit's 52 actions, at full strength."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import output_folder
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.commands.material import add_material, material_of
from expnet_live.research.training.commands.options import add_options, chosen_of
from expnet_live.research.training.commands.ready import at_full_strength


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_material(parser)
    parser.add_argument("--init", type=Path, required=True, metavar="FILE", help="the initial weights")
    parser.add_argument(
        "--out", type=output_folder, required=True, metavar="DIR",
        help="weights, strengths.npz, log.csv, and the checkpoint from which the same command goes on",
    )  # fmt: skip
    add_options(parser, TuneConfig, grow="add the layers of the architecture 'fine'")


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.training.actions.branch import learn_branch
    from expnet_live.research.training.actions.fine_tune import fine_tune

    material = material_of(args)
    config = TuneConfig(**chosen_of(args, TuneConfig))
    learn = learn_branch if config.branch else fine_tune
    tuned = learn(material, args.init, args.out, config)
    at_full_strength(tuned, material, args.out)
    return 0
