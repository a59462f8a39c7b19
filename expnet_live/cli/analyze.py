"""`expnet-live analyze`: coefficients, meshes and overlays of photos, videos and cameras."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import (
    add_entities,
    add_max_faces,
    add_neutral,
    add_smoothing,
    positive_float,
    positive_int,
)
from expnet_live.outputs.export.format import FORMATS, taking
from expnet_live.render.style import OverlayStyle

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

EPILOG = """\
DIR receives coefficients.csv with one row per face and frame: the 29 named coefficients in standard
deviations, ARKit's 52 blendshapes from 0 to 1, gaze and pose in radians and millimetres. A frame without a
face has confidence 0 and empty fields. run.json says how the results were made.
"""


def add_parser(subparsers: Subparsers) -> None:
    of_videos = [f.name for f in FORMATS.values() if not f.measured and f.name not in ("csv", "obj", "ply")]
    parser = subparsers.add_parser(
        "analyze",
        help="write coefficients, meshes and overlays of photos, videos or a camera",
        description="Reads expressions from photos, folders, videos, a camera (its index: 0) or the built-in demo.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="photo, folder, video, camera index, or: demo")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument("--append", action="store_true", help="add to the results that are in DIR")
    earlier.add_argument("--overwrite", action="store_true", help="replace the results that are in DIR")
    parser.add_argument("--identity", action="store_true", help="add the identity coefficients to the table")
    parser.add_argument(
        "--mesh", choices=("ply", "obj", "glb"), help="write a mesh per face and photo (video: --every)"
    )
    parser.add_argument(
        "--head",
        metavar="NAME|FILE",
        help="make the meshes of this head (see 'expnet-live face-model list') or avatar (.vrm, .glb); an avatar also "
        "takes the face's place with --overlay solid",
    )
    parser.add_argument(
        "--every",
        type=positive_int,
        default=1,
        metavar="N",
        help="with --mesh: write a mesh of every Nth frame of a video or camera",
    )
    parser.add_argument(
        "--overlay",
        nargs="?",
        choices=[style.value for style in OverlayStyle],
        const=OverlayStyle.SOLID.value,
        metavar="STYLE",
        help="write pictures or videos with the face drawn over them: contours, mesh or solid (default: solid)",
    )
    parser.add_argument(
        "--to",
        nargs="+",
        choices=of_videos,
        default=[],
        metavar="FORMAT",
        help=f"also write each video in these formats, under DIR/exports: {', '.join(of_videos)} (see "
        "'expnet-live export --help')",
    )
    add_entities(parser)
    add_neutral(parser)
    parser.add_argument(
        "--landmark-fit", action="store_true", help="fit the face model to landmarks instead (slow; the baseline)"
    )
    add_smoothing(parser, " in videos")
    add_max_faces(parser)
    parser.add_argument(
        "--jobs", type=positive_int, default=1, metavar="N", help="process N inputs in parallel (default: 1)"
    )
    parser.add_argument(
        "--duration", type=positive_float, metavar="S", help="stop a camera, and each video, after S seconds"
    )
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.analysis.job import run_job
    from expnet_live.analysis.options import Options
    from expnet_live.analysis.results import Earlier
    from expnet_live.core.errors import UserError
    from expnet_live.outputs.export.entities import Entities

    if args.entities and not set(args.to) & set(taking("entities")):
        raise UserError(f"--entities names what --to {' or '.join(taking('entities'))} writes; give both.")

    options = Options(
        out=args.out,
        identity=args.identity,
        mesh=args.mesh,
        head=args.head,
        every=args.every,
        overlay=None if args.overlay is None else OverlayStyle(args.overlay),
        landmark_fit=args.landmark_fit,
        smoothing=args.smoothing,
        max_faces=args.max_faces,
        duration=args.duration,
        model=args.model,
        device=args.device,
        neutral=args.neutral,
        to=tuple(dict.fromkeys(args.to)),
        entities=Entities.parse(args.entities),
    )
    earlier = Earlier.APPEND if args.append else Earlier.OVERWRITE if args.overwrite else Earlier.KEEP
    return run_job(args.inputs, options, jobs=args.jobs, earlier=earlier)
