"""`expnet-live record`: a session without a window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import SMOOTHINGS, positive_float, positive_int

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

EPILOG = """\
DIR becomes a session: session.json, coefficients.csv, markers.csv and video.mkv; docs/sessions.md tells what is in
them. It survives a kill at any moment: 'expnet-live sessions recover DIR' then completes it.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "record",
        help="record a session: video and coefficients of a camera or clip, at its own rate",
        description="Records what the window would show, without one, at the source's own rate; frames that the "
        "network is too slow for are dropped and counted.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--source", required=True, metavar="S", help="a camera's index, a video or picture, or: demo")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the session's folder, a new one")
    parser.add_argument(
        "--duration", type=positive_float, metavar="SECONDS",
        help="how long, a clip being looped (default: to the clip's end, or until Ctrl-C)",
    )  # fmt: skip
    parser.add_argument("--no-video", action="store_true", help="coefficients only, no picture of anyone")
    parser.add_argument("--profile", default="Default", metavar="NAME", help="whose face it is (default: Default)")
    parser.add_argument("--smoothing", choices=SMOOTHINGS, default="balanced", help="(default: balanced)")
    parser.add_argument("--max-faces", type=positive_int, default=1, metavar="N", help="faces per frame (default: 1)")
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.capture.spec import SourceSpec
    from expnet_live.core.signals import terminable
    from expnet_live.live.state import Settings
    from expnet_live.person.profiles import Profiles
    from expnet_live.sessions.recording.record import record

    model = None if args.model is None else str(args.model)
    with terminable():
        info = record(
            SourceSpec.parse(args.source),
            args.out,
            Settings(model, args.device, args.smoothing, args.max_faces),
            Profiles().load(args.profile),
            duration=args.duration,
            video=not args.no_video,
        )
    missed = f", {info.n_unwritten} of them not written in full" if info.n_unwritten else ""
    print(f"{args.out}: {info.duration:.1f} s, {info.frames} frames{missed}, {info.drops} dropped.")
    return 0
