"""The command line `expnet-live`: the window, or a subcommand. Each subcommand is a module with `add_parser` and `run`.

These modules import numpy, torch and the rest only inside `run`, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TextIO

from expnet_live.cli import (
    analyze,
    app,
    archive,
    bench,
    completion,
    doctor,
    evaluate,
    export,
    face_model,
    gestures,
    official,
    record,
    report,
    sessions,
    shortcut,
    stream,
    train,
)
from expnet_live.cli.parser import Parser
from expnet_live.cli.quiet import Sentences
from expnet_live.core.addresses import without_credentials
from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.paths import without_python
from expnet_live.core.version import __version__

SUBCOMMANDS = (
    *(record, stream, sessions, export, analyze, archive, gestures, report),
    *(face_model, official, train, evaluate, bench, doctor, shortcut, completion),
)


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="expnet-live",
        description="Reads 3D facial expressions from photos, videos and cameras; without a command, live in a window. "
        "Nothing leaves this machine unless you ask for it.",
    )
    parser.add_argument("--version", action="version", version=f"expnet-live {__version__}")
    parser.set_defaults(verbose=False)
    app.add_arguments(parser)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for module in SUBCOMMANDS:
        module.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0: done, 1: some inputs failed, 2: a user's error, 130: interrupted, 141: the output pipe is closed.
    """
    _fill_streams()
    for pipe in (sys.stdout, sys.stderr):
        if isinstance(pipe, TextIOWrapper):
            pipe.reconfigure(errors="backslashreplace")  # ASCII terminals, and file names that are not valid text
    try:
        try:
            return _run(argv)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:  # as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if not _is_stuck(sys.stdout):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"expnet-live: The output cannot be written ({error.strerror}).", file=sys.stderr)
        return 2


def _fill_streams() -> None:
    """Give the null device to a program that is started without standard streams, as services are.

    Otherwise the first files that it opens get their numbers, and what libraries write to standard error ends up in
    them.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115


def _is_stuck(stream: TextIO) -> bool:
    """Whether nothing can be written to a stream, such as a file on a full disk."""
    try:
        print(file=stream, flush=True)
    except OSError:
        return True
    return False


def _package(error: ModuleNotFoundError) -> str:
    return (error.name or "").split(".")[0]


def _absent(error: ModuleNotFoundError) -> str:
    name = _package(error)
    there = "which the folder without Python leaves out; install ExpNet Live with pip for it"
    missing = there if without_python() else f"which is not installed; try: {install(name)}"
    return f"This needs the package {name}, {missing}."


def _run(argv: Sequence[str] | None) -> int:
    args = build_parser().parse_args(argv)
    warnings = Sentences()
    if args.verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
    elif args.command is not None:  # the window has banners and a log file
        logging.basicConfig(handlers=[warnings])
    for chatty in ("jax", "matplotlib", "numba", "PIL"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        status: int = args.run(args)
    except UserError as error:
        if args.verbose:
            logging.getLogger(__name__).exception("the command failed")
        cause, text = error.__cause__, without_credentials(str(error))
        if without_python() and isinstance(cause, ModuleNotFoundError):
            text = _absent(cause)  # the error's own sentence says how to install the package, which nobody can do there
        if text not in warnings.said:
            print(f"expnet-live: {text}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if args.verbose or _package(error) in ("", "expnet_live"):
            raise
        print(f"expnet-live: {_absent(error)}", file=sys.stderr)
        return 2
    except MemoryError:
        if args.verbose:
            logging.getLogger(__name__).exception("memory ran out here")
        print("expnet-live: Memory ran out; close other programs, or give less or shorter input.", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        if args.verbose:
            logging.getLogger(__name__).exception("interrupted here")
        print(f"expnet-live: interrupted{f'; {stop}' if stop.args else ''}.", file=sys.stderr)
        return 130
    return status
