"""Train the network on the labels."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from expnet_live.core.arguments import add_photos, output_folder
from expnet_live.research.training.commands.options import add_options, chosen_of, read_options
from expnet_live.research.training.commands.ready import ready_to_run
from expnet_live.research.training.options import TrainConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "On several GPUs: torchrun --nproc-per-node N -m expnet_live train expnet ..."

    add_photos(parser)
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="FILE", help="labels from 'expnet-live train labels'"
    )
    parser.add_argument(
        "--out",
        type=output_folder,
        required=True,
        metavar="DIR",
        help="weights, log.csv, and the checkpoint from which the same command goes on after an interruption",
    )
    parser.add_argument(
        "--face-model",
        type=Path,
        metavar="FILE",
        help="face model that the labels were made with (default: the built-in one)",
    )
    parser.add_argument(
        "--crops", type=Path, metavar="FILE", help="cache of crops (.npy), made if missing (default: in DIR)"
    )
    parser.add_argument("--config", type=Path, metavar="JSON", help="file with values for the options below")
    add_options(parser, TrainConfig)


def run(args: argparse.Namespace) -> int:
    import numpy as np

    from expnet_live.research.training.train import first_alone, train
    from expnet_live.research.training.workspace import crops_of

    chosen = read_options(args.config, TrainConfig) if args.config else {}
    config = TrainConfig(**chosen | chosen_of(args, TrainConfig))
    with first_alone(config.device):
        used, valid, model = crops_of(args)
    best = train(used, valid, model, args.out, config)
    if os.environ.get("RANK", "0") == "0":  # of several processes, only one wrote them
        print(f"the best weights are in {best}")
        ready_to_run(best, used.picture, np.arange(len(used)))
    return 0
