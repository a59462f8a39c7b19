"""`expnet-live evaluate WHAT`: measures the figures of the model card.

WHAT is a package of `expnet_live.research.evaluation`. Its docstring is the help text; its module `command` has
`add_arguments` and `run`, and is imported only on request.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from expnet_live.cli.model import add_model
from expnet_live.cli.parser import Parser
from expnet_live.cli.quiet import quietly
from expnet_live.research import evaluation

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers


def evaluations() -> dict[str, str]:
    """Each evaluation with a one-line description: the packages of `research.evaluation` that have a `command`
    module.
    """
    found = {}
    for package in iter_modules(evaluation.__path__, f"{evaluation.__name__}."):
        name = package.name.rpartition(".")[2]
        if package.ispkg and find_spec(f"{package.name}.command") is not None:
            found[name] = (import_module(package.name).__doc__ or name).strip()
    return found


class LazyParser(Parser):
    """Gets its arguments from its module at first use, because the module imports numpy and more."""

    module: str | None = None

    def fill(self) -> None:
        """Get the arguments, once."""
        if self.module is not None:
            module, self.module = import_module(self.module), None
            module.add_arguments(self)
            add_model(self)
            self.set_defaults(evaluation=module.run)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.fill()
        return super().parse_known_args(args, namespace)


def add_parser(subparsers: Subparsers) -> None:
    there = evaluations()
    parser = subparsers.add_parser("evaluate", help=f"measure the figures of the model card: {', '.join(there)}")
    parsers = parser.add_subparsers(dest="what", required=True, metavar="WHAT", parser_class=LazyParser)
    for name, text in there.items():
        lazy = parsers.add_parser(name, help=text[0].lower() + text[1:].rstrip("."), description=text)
        lazy.module = f"{evaluation.__name__}.{name}.command"
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    status: int = args.evaluation(args)
    return status
