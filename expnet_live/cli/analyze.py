"""`expnet-live analyze`: coefficients, meshes and overlays of photos, videos and cameras."""

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
DIR receives coefficients.csv with one row per face and frame: the 29 named coefficients in standard
deviations, pose in radians and millimetres. A frame without a face has confidence 0 and empty fields.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "analyze",
        help="write coefficients, meshes and overlays of photos, videos or a camera",
        description="Reads expressions from photos, folders, videos, a camera (its index: 0) or the built-in demo.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="photo, folder, video, camera index, or: demo")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--identity", action="store_true", help="add the identity coefficients to the table")
    parser.add_argument(
        "--mesh", choices=("ply", "obj", "glb"), help="write a mesh per face and photo (video: --every)"
    )
    parser.add_argument(
        "--head", metavar="NAME", help="make the meshes of this head (see 'expnet-live face-model list')"
    )
    parser.add_argument(
        "--every",
        type=positive_int,
        default=1,
        metavar="N",
        help="with --mesh: write a mesh of every Nth frame of a video or camera",
    )
    parser.add_argument("--overlay", action="store_true", help="write pictures or videos with the mesh over the face")
    parser.add_argument(
        "--landmark-fit", action="store_true", help="fit the face model to landmarks instead (slow; the baseline)"
    )
    parser.add_argument(
        "--smoothing", choices=SMOOTHINGS, default="balanced", help="smoothing over time in videos (default: balanced)"
    )
    parser.add_argument(
        "--max-faces", type=positive_int, default=1, metavar="N", help="most faces to follow per frame (default: 1)"
    )
    parser.add_argument(
        "--jobs", type=positive_int, default=1, metavar="N", help="process N inputs in parallel (default: 1)"
    )
    parser.add_argument("--duration", type=positive_float, metavar="S", help="stop a camera after S seconds")
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.analysis.job import run_job
    from expnet_live.analysis.options import Options

    options = Options(
        out=args.out,
        identity=args.identity,
        mesh=args.mesh,
        head=args.head,
        every=args.every,
        overlay=args.overlay,
        landmark_fit=args.landmark_fit,
        smoothing=args.smoothing,
        max_faces=args.max_faces,
        duration=args.duration,
        model=args.model,
        device=args.device,
    )
    return run_job(args.inputs, options, jobs=args.jobs)
