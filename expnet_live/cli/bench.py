"""`expnet-live bench`: how long each stage takes, beside mediapipe's Face Mesh and the landmark fit; the window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.core.arguments import positive_float, positive_int

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

EPILOG = """\
Videos: the whole pipeline and Face Mesh with refined landmarks take turns on the same frames.
Photos: ExpNet and the landmark fit take turns on the same photos. Start-up and memory are those of
fresh processes. On a busy computer look at the ratios, and at CPU times. Everything runs on the CPU;
--device cuda or mps adds that device's figures.

--app opens the real window instead, with a video that loops (default: the demo clip, 640x480 at 30 a
second), and tells rates, latency, how long the window was ever held up, start, memory, and the CPU
time of each thread. Without a display it makes a virtual one (Xvfb). --soak does so for minutes;
the exit status is then 1 when memory grows by 30 MB after the first minute, or when threads or
timers are left at the end. --record measures the window without recording and with it, and looks
through the session: whether each picture is that of its row; the exit status is 1 when a bar is missed.
"""


def size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) != 2:
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1280x720")
    width, height = (positive_int(p) for p in parts)
    return width, height


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "bench",
        help="how long each stage takes, beside Face Mesh and the landmark fit",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("videos", nargs="*", metavar="VIDEO", help="default: the demo clip")
    parser.add_argument("--size", type=size, metavar="WxH", help="bring frames to this size first, such as 1280x720")
    parser.add_argument("--frames", type=positive_int, default=300, metavar="N", help="of each video (default: 300)")
    parser.add_argument("--photos", nargs="+", type=Path, metavar="PHOTO", help="default: frames of the first video")
    parser.add_argument("--threads", type=positive_int, default=2, metavar="N", help="CPU threads (default: 2)")
    parser.add_argument("--app", action="store_true", help="measure the window, live")
    parser.add_argument("--seconds", type=positive_float, default=20, metavar="S", help="with --app (default: 20)")
    parser.add_argument("--soak", type=positive_float, metavar="MINUTES", help="like --app, and look for leaks")
    parser.add_argument(
        "--record",
        type=positive_float,
        metavar="MINUTES",
        help="what recording costs the window, and whether it keeps step",
    )
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="with --app: the window at the end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    add_model(parser)
    parser.set_defaults(run=run, device="cpu")


def run(args: argparse.Namespace) -> int:
    import os
    from contextlib import nullcontext

    if args.record is not None:
        from expnet_live.research.evaluation.app.bench_record import bench_record

        return bench_record(args)
    if args.app or args.soak is not None:
        from expnet_live.research.evaluation.app.bench_app import bench_app

        return bench_app(args)

    from expnet_live.cli.quiet import quiet_native

    # Read once, when the libraries are loaded.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    with nullcontext() if args.verbose else quiet_native():
        from expnet_live.research.evaluation.speed.bench import bench

        return bench(args)
