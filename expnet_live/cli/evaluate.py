"""`expnet-live evaluate accuracy | emotion | realy | speed | stability | tracking`: the figures of the model card.

Each lives in a module of `expnet_live.evaluation` with `add_arguments` and `run`, imported only when asked for.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, Any

from expnet_live.cli.arguments import add_model
from expnet_live.cli.quiet import quietly

if TYPE_CHECKING:
    from expnet_live.cli.arguments import Subparsers

EVALUATIONS = {
    "accuracy": "dense error and coefficients on people never trained on",
    "emotion": "how well the coefficients tell emotions, at smaller and smaller scales",
    "realy": "3D error by regions of the face, as the REALY benchmark measures it",
    "speed": "seconds per image, ExpNet and landmark-based ways on the same images",
    "stability": "jitter on a still face, and whether blinks survive the smoothing",
    "tracking": "how reliably faces are held, dropped and found again in videos",
}


class _LazyParser(argparse.ArgumentParser):
    """Learns its arguments from its module, which imports numpy and more, when it is first used."""

    module: str | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.module is not None:
            module, self.module = import_module(self.module), None
            module.add_arguments(self)
            add_model(self)
            self.set_defaults(evaluation=module.run)
        return super().parse_known_args(args, namespace)


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("evaluate", help=f"the figures of the model card: {', '.join(EVALUATIONS)}")
    evaluations = parser.add_subparsers(dest="what", required=True, metavar="WHAT", parser_class=_LazyParser)
    for name, text in EVALUATIONS.items():
        evaluation = evaluations.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        evaluation.module = f"expnet_live.evaluation.{name}"
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    status: int = args.evaluation(args)
    return status
