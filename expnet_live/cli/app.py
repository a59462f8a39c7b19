"""`expnet-live` without a command: the window."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.cli.model import model_help
from expnet_live.core.arguments import DEVICES, positive_float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the window, which opens without a command; what is not told is as it was last")
    group.add_argument("--source", metavar="S", help="a video or picture, a camera's index, or: demo")
    group.add_argument("--model", type=Path, metavar="MODEL", help=model_help())
    group.add_argument("--device", choices=DEVICES, help="where the network runs")
    group.add_argument("--profile", metavar="NAME", help="whose face it is: neutral and gains are kept by profile")
    group.add_argument(
        "--head", metavar="NAME", help="an imported head ('expnet-live face-model'), '' for the built-in"
    )
    group.add_argument("--duration", type=positive_float, metavar="S", help="close after S seconds")
    group.add_argument(
        "--screenshot", type=Path, metavar="FILE", help="save the window's picture at that end (default: after 5 s)"
    )
    group.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="record into this new folder; --duration is then that of the recording",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from contextlib import nullcontext

    from expnet_live.app.launch import Launch, run_app
    from expnet_live.cli.quiet import quiet_native

    launch = Launch(
        source=args.source,
        model=None if args.model is None else str(args.model),
        device=args.device,
        profile=args.profile,
        head=args.head,
        duration=args.duration or (5.0 if args.screenshot is not None else None),
        screenshot=args.screenshot,
        record=args.record,
    )
    with nullcontext() if args.verbose else quiet_native():
        status = run_app(launch)
        end(status)
    return status


def end(status: int) -> None:
    """Ends the process at once when threads are left in native code, a camera's driver or a model that still loads.

    Otherwise Python would end beneath them, and they abort it.
    """
    import logging
    import os
    import sys
    import threading

    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    for thread in others:
        if not thread.daemon:
            thread.join()
    if any(t.daemon for t in others):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
