"""`expnet-live train landmarks | face-model | labels | expnet | demo-clip`: how the assets are made.

Each step's parser sets `run` to a function of its own, which imports what it needs.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.errors import UserError

if TYPE_CHECKING:
    from expnet_live.cli.arguments import Subparsers

STEPS = {
    "landmarks": "landmarks of photo collections, a cache for the steps below",
    "face-model": "the face model, learned from the landmarks",
    "labels": "expression labels of photos, fitted to their landmarks",
    "expnet": "the network, trained on the labels",
    "demo-clip": "the demo clip: a rendered head performing expressions",
}


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("train", help="rebuild the face model, the labels, the network, the demo clip")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, text in STEPS.items():
        step = steps.add_parser(name, help=text)
        step.add_argument("inputs", nargs="*", type=Path, metavar="INPUT")
        step.add_argument("--out", type=Path, required=True, metavar="FILE")
        step.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    raise UserError(f"The training step {args.step} is not built yet; use a later version.")
