"""`expnet-live completion`: the lines with which bash, zsh and fish complete the commands and options."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

_BASH = """\
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
_ZSH = """\
#compdef expnet-live
_expnet_live() {{
    local before=$words[CURRENT-1] command= word
    for word in "${{(@)words[2,CURRENT-1]}}"; do
        case "${{command:+$command }}$word" in
        {commands}) command="${{command:+$command }}$word" ;;
        esac
    done
    case "$command $before" in
{values}
    esac
    case "$command" in
{words}
    esac
    _files
}}
if [[ $funcstack[1] == _expnet-live ]]; then
    _expnet_live "$@"
else
    compdef _expnet_live expnet-live
fi
"""
_FISH = """\
function __expnet_live_command
    set -l command ''
    for word in (commandline -opc)[2..]
        set -l longer (string trim -- "$command $word")
        switch $longer
            case {commands}
                set command $longer
        end
    end
    echo $command
end
function __expnet_live_values
    set -l command (__expnet_live_command)
    set -l before (commandline -opc)[-1]
    switch "$command $before"
{values}
        case '*'
            return 1
    end
end
function __expnet_live_words
    switch (__expnet_live_command)
{words}
    end
end
complete -c expnet-live -n __expnet_live_values -f -a '(__expnet_live_values)'
complete -c expnet-live -n 'not __expnet_live_values >/dev/null' -a '(__expnet_live_words)'
"""


@dataclass(frozen=True)
class _Shell:
    """`script`: with places for the commands, and for what is offered for values and words; `case`: one of these, of
    patterns that `between` separates."""

    script: str
    case: str
    between: str = " | "


SHELLS = {
    "bash": _Shell(_BASH, '    {pattern}) COMPREPLY=($(compgen -W "{words}" -- "$current")) ;;'),
    "zsh": _Shell(_ZSH, "    {pattern}) compadd -- {words} && return ;;"),
    "fish": _Shell(_FISH, "        case {pattern}\n            printf '%s\\n' {words}", " "),
}
_KEEP = """\
keep it where the shell finds it:
  bash:  expnet-live completion > ~/.local/share/bash-completion/completions/expnet-live
  zsh:   expnet-live completion zsh > ~/.zfunc/_expnet-live
         and before compinit in ~/.zshrc: fpath+=~/.zfunc
  fish:  expnet-live completion fish > ~/.config/fish/completions/expnet-live.fish
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "completion",
        help="print what makes bash, zsh or fish complete commands and options",
        description="Prints what makes a shell complete commands and options with the Tab key.",
        epilog=_KEEP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", nargs="?", choices=SHELLS, default="bash", help="default: bash")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from expnet_live.cli import build_parser

    print(script(build_parser(), args.shell), end="")
    return 0


def script(parser: argparse.ArgumentParser, shell: str = "bash") -> str:
    """A script for one of SHELLS. Options that take one of several values are followed by these, others by files."""
    commands, words, values = [], [], []
    form = SHELLS[shell]

    def case(patterns: Iterable[str], offered: Iterable[str]) -> str:
        told = " ".join(map(shlex.quote, offered)) or "''"
        return form.case.format(pattern=form.between.join(f'"{p}"' for p in patterns), words=told)

    for name, one in _all("", parser):
        commands += [f'"{name}"'] if name else []
        flags = [flag for action in one._actions for flag in action.option_strings if flag.startswith("--")]
        words.append(case([name], [*_parts(one), *_places(one), *flags]))
        for action in one._actions:
            if action.option_strings and action.choices:
                values.append(case([f"{name} {flag}" for flag in action.option_strings], map(str, action.choices)))
    return form.script.format(commands=form.between.join(commands), words="\n".join(words), values="\n".join(values))


def _places(parser: argparse.ArgumentParser) -> list[str]:
    """The values of arguments without a flag that take one of several."""
    plain = [a for a in parser._actions if not a.option_strings and not isinstance(a, argparse._SubParsersAction)]
    return [str(choice) for action in plain for choice in action.choices or ()]


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
        with suppress(ModuleNotFoundError):  # the folder without Python leaves PyTorch out, and with it some of them
            parser.fill()
    yield name, parser
    for part, below in _parts(parser).items():
        yield from _all(f"{name} {part}".strip(), below)
