"""`expnet-live` without a command: the window."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.cli.model import model_help, model_option
from expnet_live.core.arguments import DEVICES, add_look, head_option, positive_float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "the window, which opens without a command; it keeps the last choice for each option that you leave out"
    )
    group.add_argument("--source", metavar="S", help="a video or picture, a camera's index, or: demo")
    group.add_argument("--model", type=model_option, metavar="MODEL", help=model_help())
    group.add_argument("--device", choices=DEVICES, help="device for the network")
    group.add_argument("--profile", metavar="NAME", help="profile of the person, which keeps neutral and gains")
    group.add_argument(
        "--head",
        type=head_option,
        metavar="NAME|FILE",
        help="an imported head (see 'expnet-live face-model'), an avatar (.vrm, .glb), or '' for the built-in head",
    )
    add_look(group)
    group.add_argument("--duration", type=positive_float, metavar="S", help="close after S seconds")
    group.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE",
        help="save a screenshot of the window before it closes (default: after 5 s)",
    )
    group.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="record into this new folder; --duration is then the length of the recording",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from contextlib import nullcontext

    from expnet_live.app.launch import Launch, run_app
    from expnet_live.cli.quiet import quiet_native
    from expnet_live.heads.look import Look

    launch = Launch(
        source=args.source,
        model=args.model,
        device=args.device,
        profile=args.profile,
        head=args.head,
        look=None if args.look is None else Look.parse(args.look),
        duration=args.duration or (5.0 if args.screenshot is not None else None),
        screenshot=args.screenshot,
        record=args.record,
    )
    with nullcontext() if args.verbose else quiet_native():
        status = run_app(launch)
        end(status)
    return status


def end(status: int) -> None:
    """End the process at once if threads are still in native code, such as a camera's driver or a loading model.

    Otherwise Python would finalise beneath them, and they would abort the process.
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
        for pipe in (sys.stdout, sys.stderr):
            if pipe is not None:  # a program without a console has none
                pipe.flush()
        os._exit(status)
