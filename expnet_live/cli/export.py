"""`expnet-live export`: writes a recorded session as a table, meshes, an animation or a video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_entities, add_look, add_overwrite, positive_float
from expnet_live.core.naming import counted
from expnet_live.outputs.export.format import FORMATS, taking
from expnet_live.render.style import OverlayStyle

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers


def _epilog() -> str:
    width = 2 + max(map(len, FORMATS))
    return "formats:\n" + "\n".join(f"  {f.name:{width}}{f.about}" for f in FORMATS.values())


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write a recorded session as a table, meshes, an animation or a video",
        description="Writes a recorded session, or a part of it, in another format. See docs/sessions.md.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="the session's folder")
    parser.add_argument("--to", required=True, choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="file or folder to write (default: named like the session, in the current folder)",
    )
    add_overwrite(parser)
    parser.add_argument(
        "--range",
        nargs=2,
        type=float,
        metavar=("FROM", "TO"),
        default=(None, None),
        help="export only this part, in seconds of the session",
    )
    parser.add_argument(
        "--fps", type=positive_float, metavar="N", help="resample to a fixed rate (default: the recorded moments)"
    )
    parser.add_argument(
        "--face",
        type=int,
        metavar="N",
        help="number of the face (default: all in tables and overlays, else the one mirrored most)",
    )
    parser.add_argument(
        "--neutral", choices=("subtract", "keep"), default="subtract",
        help="subtract or keep the profile's neutral; an overlay always keeps it (default: subtract, as in the window)",
    )  # fmt: skip
    parser.add_argument(
        "--gains",
        choices=("apply", "ignore"),
        default="apply",
        help="apply or ignore the profile's gains and linked blinks (default: apply)",
    )
    parser.add_argument(
        "--pose", choices=("none", "rotation", "full"), default="rotation",
        help=f"head pose in {', '.join(taking('pose'))}: keep still, rotate, or also move as the camera saw it "
        "(default: rotation)",
    )  # fmt: skip
    parser.add_argument(
        "--style", choices=[style.value for style in OverlayStyle], default=OverlayStyle.SOLID.value,
        help=f"of {', '.join(taking('style'))}: how the face is drawn (default: solid)",
    )  # fmt: skip
    parser.add_argument(
        "--correctives", type=int, metavar="N",
        help=f"in {', '.join(taking('correctives'))}: at most N corrective morph targets "
            "(default: 256; 0: lids and lips may be some mm off)",
    )  # fmt: skip
    parser.add_argument(
        "--analysis", metavar="NAME", help="export this re-analysis of the session instead of the recording"
    )
    parser.add_argument(
        "--face-model", type=Path, metavar="FILE", help="face model of the session (default: the built-in one)"
    )
    parser.add_argument(
        "--head",
        metavar="NAME|FILE",
        help=f"make {', '.join(taking('head'))} of this head (see 'expnet-live face-model list'), or of an avatar "
        "(.vrm, .glb)",
    )
    parser.add_argument(
        "--swing", choices=("on", "off"), default="on",
        help="whether an avatar's hair and clothes swing in overlays and meshes (default: on)",
    )  # fmt: skip
    add_look(parser)
    add_entities(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.cli.progress import progress_bar
    from expnet_live.core.errors import UserError
    from expnet_live.core.files import check_new
    from expnet_live.core.signals import terminable
    from expnet_live.heads.look import Look
    from expnet_live.outputs.export.entities import Entities
    from expnet_live.outputs.export.export import default_out, export
    from expnet_live.outputs.export.options import MOST_CORRECTIVES, ExportOptions
    from expnet_live.outputs.export.pose import PoseMode
    from expnet_live.sessions.reading.reanalysis import open_analysis
    from expnet_live.sessions.reading.session import Session

    start, end = args.range
    if start is not None and not start < end:
        raise UserError(f"The range from {start:g} to {end:g} s is empty; give the earlier moment first.")
    session = Session.open(args.session)
    if args.analysis is not None:
        session = open_analysis(session, args.analysis)
    out = args.out or default_out(session, args.to)
    check_new(out, args.overwrite)
    options = ExportOptions(
        format=args.to,
        out=out,
        start=start,
        end=end,
        fps=args.fps,
        face=args.face,
        neutral=args.neutral == "subtract",
        gains=args.gains == "apply",
        pose=PoseMode(args.pose),
        style=OverlayStyle(args.style),
        correctives=MOST_CORRECTIVES if args.correctives is None else max(0, args.correctives),
        face_model=args.face_model,
        head=args.head,
        swing=args.swing == "on",
        look=Look.parse(args.look or ""),
        entities=Entities.parse(args.entities),
    )
    with terminable(), progress_bar() as progress:
        done = export(session, options, progress)
    print(f"{done.path}: {counted(done.moments, 'moment')}.", *done.remarks)
    return 0
