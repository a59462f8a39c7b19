"""`expnet-live completion`: the lines with which bash completes the commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

_SCRIPT = """\
_expnet_live() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command= word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        case "${{command:+$command }}$word" in
        {commands}) command="${{command:+$command }}$word" ;;
        esac
    done
    COMPREPLY=()
    case "$command $before" in
{values}
    *)
        case "$command" in
{words}
        esac
        ;;
    esac
}}
complete -o default -F _expnet_live expnet-live
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "completion",
        help="print what makes bash complete commands and options",
        description="Prints what makes bash complete commands and options with the Tab key.",
        epilog="Keep it where bash-completion finds it, in the folder ~/.local/share/bash-completion/completions: "
        "expnet-live completion > ~/.local/share/bash-completion/completions/expnet-live",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from expnet_live.cli import build_parser

    print(script(build_parser()), end="")
    return 0


def script(parser: argparse.ArgumentParser) -> str:
    """A script for bash. Options that take one of several values are followed by these, all others by files."""
    commands, words, values = [], [], []
    for name, one in _all("", parser):
        commands += [f'"{name}"'] if name else []
        offered = [flag for action in one._actions for flag in action.option_strings if flag.startswith("--")]
        words.append(_case(f'"{name}"', [*_parts(one), *offered]))
        for action in one._actions:
            if action.option_strings and action.choices:
                flags = " | ".join(f'"{name} {flag}"' for flag in action.option_strings)
                values.append(_case(flags, map(str, action.choices)))
    return _SCRIPT.format(commands=" | ".join(commands), words="\n".join(words), values="\n".join(values))


def _case(pattern: str, words: Iterator[str] | list[str]) -> str:
    return f'    {pattern}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$current")) ;;'


def _parts(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a command."""
    return {
        name: part
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, part in action.choices.items()
    }


def _all(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A command and all below it, with their names."""
    from expnet_live.cli.evaluate import LazyParser

    if isinstance(parser, LazyParser):
        parser.fill()
    yield name, parser
    for part, below in _parts(parser).items():
        yield from _all(f"{name} {part}".strip(), below)
