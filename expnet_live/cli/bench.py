"""`expnet-live bench`: times each stage, mediapipe's Face Mesh, the landmark fit, and the window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.core.arguments import head_option, output_file, positive_float, positive_int

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

EPILOG = """\
Videos: the whole pipeline and Face Mesh with refined landmarks take turns on the same frames.
Photos: ExpNet and the landmark fit take turns on the same photos. Start-up time and memory are
measured in fresh processes. On a busy computer, compare ratios and CPU times. Everything runs on the
CPU; --device cuda or mps adds the figures of that device.

--app opens the real window instead, with a looped video (default: the demo clip, 640x480 at 30 fps),
and prints frame rates, latency, the longest stall of the window, start-up time, memory, and the CPU
time of each thread. Without a display it starts a virtual one (Xvfb). --soak does this for minutes;
the exit status is then 1 if memory grows by 30 MB after the first minute, or if threads or timers
are left at the end. --record measures the window with and without recording, and checks that each
picture of the session belongs to its row; the exit status is 1 if a limit is missed.

--outputs sends a clip to all live outputs at once, 60 frames a second, for minutes, and measures at
receivers in another process: CPU time per frame, the delay from the network's answer to each
receiver, lost frames, and memory. The exit status is 1 if a limit is missed.
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
        help="time each stage, and Face Mesh and the landmark fit for comparison",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("videos", nargs="*", metavar="VIDEO", help="videos to time (default: the demo clip)")
    parser.add_argument("--size", type=size, metavar="WxH", help="resize frames to this size first, such as 1280x720")
    parser.add_argument(
        "--frames", type=positive_int, default=300, metavar="N", help="frames of each video (default: 300)"
    )
    parser.add_argument(
        "--photos", nargs="+", type=Path, metavar="PHOTO", help="photos to time (default: frames of the first video)"
    )
    parser.add_argument("--threads", type=positive_int, default=2, metavar="N", help="CPU threads (default: 2)")
    parser.add_argument("--app", action="store_true", help="measure the live window")
    parser.add_argument(
        "--seconds", type=positive_float, default=20, metavar="S", help="duration of --app (default: 20)"
    )
    parser.add_argument(
        "--soak", type=positive_float, metavar="MINUTES", help="like --app, for so long, and look for leaks"
    )
    parser.add_argument(
        "--record",
        type=positive_float,
        metavar="MINUTES",
        help="measure what recording costs the window, and whether it keeps up",
    )
    parser.add_argument(
        "--outputs", type=positive_float, metavar="MINUTES", help="measure what all live outputs cost, and their delay"
    )
    parser.add_argument(
        "--overlays", action="store_true", help="measure what each style of overlay costs 'analyze' of the first video"
    )
    parser.add_argument(
        "--head", type=head_option, metavar="FILE", help="with --app: an avatar (.vrm, .glb) that mirrors the face"
    )
    parser.add_argument(
        "--archive",
        type=positive_int,
        metavar="CLIPS",
        help="read an archive of so many clips with one worker and with two: speed, memory, difference from 'analyze'",
    )
    parser.add_argument(
        "--screenshot", type=output_file, metavar="FILE", help="with --app: save a screenshot at the end"
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")
    add_model(parser)
    parser.set_defaults(run=run, device="cpu")


def run(args: argparse.Namespace) -> int:
    import os
    from contextlib import nullcontext

    if args.record is not None:
        from expnet_live.research.evaluation.app.bench_record import bench_record

        return bench_record(args)
    if args.outputs is not None:
        from expnet_live.research.evaluation.outputs.bench_outputs import bench_outputs

        return bench_outputs(args)
    if args.app or args.soak is not None:
        from expnet_live.research.evaluation.app.bench_app import bench_app

        return bench_app(args)

    if args.overlays:
        from expnet_live.research.evaluation.speed.bench_overlays import bench_overlays, print_overlays

        print_overlays(bench_overlays((args.videos or ["demo"])[0]))
        return 0

    from expnet_live.cli.quiet import quiet_native

    if args.archive is not None:
        from expnet_live.research.evaluation.speed.bench_archive import bench_archive, print_archive

        with nullcontext() if args.verbose else quiet_native():
            print_archive(bench_archive(args.archive, video=(args.videos or ["demo"])[0]))
        return 0

    # The libraries read these once, when they are loaded.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    with nullcontext() if args.verbose else quiet_native():
        from expnet_live.research.evaluation.speed.bench import bench

        return bench(args)
