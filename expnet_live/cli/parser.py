"""The parser of all commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any


class Parser(argparse.ArgumentParser):
    """For options with an optional value, accepts the next argument as the value only if it is one of the choices.

    So `--overlay photo.jpg` means an option without a value, and an input.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        return super().parse_known_args(None if args is None else self._completed(args), namespace)

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
