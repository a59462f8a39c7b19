"""`expnet-live bench`: how long each stage takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.arguments import add_model, positive_int
from expnet_live.errors import UserError

if TYPE_CHECKING:
    from expnet_live.cli.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("bench", help="how long each stage takes, beside mediapipe's Face Mesh")
    parser.add_argument("videos", nargs="*", type=Path, metavar="VIDEO", help="default: the demo clip")
    parser.add_argument("--threads", type=positive_int, default=2, metavar="N", help="CPU threads (default: 2)")
    add_model(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    raise UserError("The benchmark is not built yet; use a later version.")
