"""`expnet-live train STEP`: makes the assets.

STEP is a module of `expnet_live.research.training.commands`: its docstring is the help text.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from expnet_live.research.training import commands

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("train", help="rebuild the face model, the labels, the network or the demo clip")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name in commands.STEPS:
        module = import_module(f"{commands.__name__}.{name}")
        text = (module.__doc__ or name).strip().rstrip(".")
        step = steps.add_parser(name.replace("_", "-"), help=text[0].lower() + text[1:])
        module.add_arguments(step)
        step.set_defaults(run=module.run)
