"""`expnet-live record`: records a session without a window."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_max_faces, add_smoothing, positive_float
from expnet_live.core.naming import counted

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

EPILOG = """\
DIR becomes a session: session.json, coefficients.csv, markers.csv and video.mkv; docs/sessions.md describes
them. It survives a kill at any moment: 'expnet-live sessions recover DIR' then completes it.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "record",
        help="record a session: video and coefficients of a camera or clip, in real time",
        description="Records what the window would show, but without a window, at the source's own rate. If the "
        "network is too slow, it drops and counts frames.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--source", required=True, metavar="S", help="a camera's index, a video or picture, or: demo")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for the session")
    parser.add_argument(
        "--duration", type=positive_float, metavar="SECONDS",
        help="record for so long, looping a clip (default: to the clip's end, or until Ctrl-C)",
    )  # fmt: skip
    parser.add_argument("--no-video", action="store_true", help="keep coefficients only, no picture of anyone")
    parser.add_argument(
        "--sound", nargs="?", const="", metavar="DEVICE",
        help="record sound in the video: a clip's own, or the system's microphone beside a camera, or the microphone "
        "DEVICE (default: nothing is heard)",
    )  # fmt: skip
    parser.add_argument("--profile", default="Default", metavar="NAME", help="profile of the person (default: Default)")
    add_smoothing(parser)
    add_max_faces(parser)
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.capture.spec import SourceSpec
    from expnet_live.cli.profile import person_of
    from expnet_live.core.signals import terminable
    from expnet_live.live.state import Settings
    from expnet_live.sessions.recording.record import record

    with terminable():
        info = record(
            SourceSpec.parse(args.source),
            args.out,
            Settings(args.model, args.device, args.smoothing, args.max_faces),
            person_of(args.profile),
            duration=args.duration,
            video=not args.no_video,
            sound=args.sound,
            say=lambda sentence: print(f"expnet-live: {sentence}", file=sys.stderr),
        )
    missed = f", {info.n_unwritten} of them incomplete" if info.n_unwritten else ""
    print(f"{args.out}: {info.duration:.1f} s, {counted(info.frames, 'frame')}{missed}, {info.drops} dropped.")
    return 0
