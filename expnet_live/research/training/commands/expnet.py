"""Train the network on the labels."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from expnet_live.core.arguments import add_photos
from expnet_live.research.training.commands.ready import ready_to_run
from expnet_live.research.training.options import TrainConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "On several GPUs: torchrun --nproc-per-node N -m expnet_live train expnet ..."

    add_photos(parser)
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="FILE", help="labels from 'expnet-live train labels'"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="weights, log.csv and the checkpoint to resume from"
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
    for f in fields(TrainConfig):
        kind: Any = Path if f.name == "init" else type(f.default)
        parser.add_argument(
            f"--{f.name.replace('_', '-')}", type=kind, metavar=kind.__name__.upper(), help=f"default: {f.default}"
        )


def run(args: argparse.Namespace) -> int:
    import numpy as np

    from expnet_live.core.errors import UserError
    from expnet_live.core.records import read_json, record_of
    from expnet_live.research.training.options import TrainConfig
    from expnet_live.research.training.train import first_alone, train
    from expnet_live.research.training.workspace import crops_of

    known = {f.name for f in fields(TrainConfig)}
    try:
        chosen = record_of(read_json(args.config.read_bytes()), dict[str, Any]) if args.config else {}
    except (OSError, ValueError) as e:
        raise UserError(f"{args.config} cannot be read as options in JSON ({e}); choose another file.") from e
    if unknown := set(chosen) - known:
        raise UserError(f"{args.config} has options that do not exist: {', '.join(sorted(unknown))}.")
    chosen |= {n: getattr(args, n) for n in known if getattr(args, n) is not None}
    config = TrainConfig(**chosen)
    with first_alone(config.device):
        used, valid, model = crops_of(args)
    best = train(used, valid, model, args.out, config)
    if os.environ.get("RANK", "0") == "0":  # of several processes, only one wrote them
        print(f"the best weights are in {best}")
        ready_to_run(best, used.picture, np.arange(len(used)))
    return 0
