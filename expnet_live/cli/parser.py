"""The parser of all commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import Any, NoReturn

_FILE = (
    "{name} is a file, not a command; show it in the window: expnet-live --source {name}, "
    "or read it: expnet-live analyze {name} --out DIR"
)


class Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, with the nearest word, and takes `-v` before and after a command.

    For options with an optional value, it accepts the next argument as the value only if it is one of the choices. So
    `--overlay photo.jpg` means an option without a value, and an input.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.add_argument(
            "-v", "--verbose", action="store_true", default=argparse.SUPPRESS,
            help="print more, and the traceback of an error",
        )  # fmt: skip

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        return super().parse_known_args(None if args is None else self._completed(args), namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see '{self.prog} --help'.\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = None if action.choices is None else [str(choice) for choice in action.choices]
        if choices is None or value in action.choices:  # type: ignore[operator]
            return
        if isinstance(action, argparse._SubParsersAction) and Path(value).is_file():
            raise argparse.ArgumentError(None, _FILE.format(name=value))
        near = get_close_matches(str(value), choices, 1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(choices)}"
        raise argparse.ArgumentError(action, f"invalid choice: {value!r} ({hint})")

    def _completed(self, args: Sequence[str]) -> list[str]:
        flags = {
            flag: action
            for action in self._actions
            if action.nargs == "?" and action.choices is not None
            for flag in action.option_strings
        }
        completed = []
        for text, following in zip_longest(args, args[1:], fillvalue=""):
            action = flags.get(text)
            bare = action is not None and following not in (action.choices or ())
            completed.append(f"{text}={action.const}" if bare and action is not None else text)
        return completed
