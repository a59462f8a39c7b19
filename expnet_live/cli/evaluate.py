"""`expnet-live evaluate accuracy | emotion | stability`: the figures of the model card."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from expnet_live.cli.arguments import add_model
from expnet_live.errors import UserError

if TYPE_CHECKING:
    from expnet_live.cli.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("evaluate", help="the figures of the model card: accuracy, emotion, stability")
    parser.add_argument("what", choices=("accuracy", "emotion", "stability"), help="what to measure")
    add_model(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    raise UserError(f"The evaluation of {args.what} is not built yet; use a later version.")
