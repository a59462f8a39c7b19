"""`expnet-live archive`: many photos and videos, on many computers, into one data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_max_faces, add_neutral, add_smoothing, positive_float, positive_int
from expnet_live.core.naming import counted

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

EPILOG = """\
INPUT is a photo, a video, a folder, a pattern (in quotes: '/data/**/*.mp4'), an address that fsspec
reads (s3://bucket/folder, https://..., zip://*.mp4::a.zip), or a list: a .txt file with an input per
line, or a .csv file with a column 'source' and perhaps 'person'.

DATASET receives faces/, a Parquet data set with the columns and values of 'expnet-live analyze';
inputs.parquet, with checksums and problems; and manifest.jsonl, the journal. Run the same command
again after an interruption, or with more inputs: what is done and has not changed is not done again.
docs/archive.md shows how to read it.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "archive",
        help="read many photos and videos on a Dask cluster into a Parquet data set",
        description="Reads an archive of photos and videos into a Parquet data set, on this computer or a cluster.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="photo, video, folder, pattern, address or list")
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET", help="folder that all workers can write")
    parser.add_argument(
        "--cluster",
        default="local",
        metavar="CLUSTER",
        help="local:N (N processes here; default: one per core), tcp://HOST:8786 (a Dask scheduler that runs), or "
        "slurm:N, pbs:N, sge:N, lsf:N, oar:N, htcondor:N (N jobs, by dask-jobqueue)",
    )
    add_neutral(parser)
    parser.add_argument(
        "--people",
        metavar="folder|LIST.csv",
        help="who is in which input: by the first folder below INPUT, or by a list with the columns source and person; "
        "people.parquet then has each person's shape and neutral face, from all of their files",
    )
    add_smoothing(parser, " in videos")
    add_max_faces(parser)
    parser.add_argument(
        "--part", type=positive_float, default=60.0, metavar="S", help="length of the parts of a video (default: 60 s)"
    )
    parser.add_argument("--batch", type=positive_int, default=64, metavar="N", help="photos per task (default: 64)")
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.archive.cluster import check_cluster
    from expnet_live.archive.run import archive
    from expnet_live.archive.settings import settings_of

    check_cluster(args.cluster)
    settings = settings_of(
        model=args.model,
        device=args.device,
        smoothing=args.smoothing,
        max_faces=args.max_faces,
        neutral=args.neutral,
        part=args.part,
        batch=args.batch,
    )
    report = archive(args.inputs, args.out, settings, args.cluster, args.people, say=_say)
    before = f" ({report.before} done before)" if report.before else ""
    inputs, pictures = counted(report.inputs, "input"), counted(report.pictures, "picture")
    if report.read:
        print(
            f"{report.read} of {inputs}{before}, {pictures}, {report.with_face} with a face: "
            f"{args.out}\n{report.seconds:.0f} s, {report.pictures / max(report.seconds, 1e-9):.0f} pictures/s; "
            f"the largest worker had {report.memory / 2**20:.0f} MB"
        )
    else:
        print(f"{inputs}{before}, none read now: {args.out}")
    return 1 if report.problems else 0


def _say(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)  # above the progress bar
