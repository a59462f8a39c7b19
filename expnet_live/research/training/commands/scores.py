"""Let a teacher score ARKit's actions in photos and clips of people."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import output_folder, positive_int
from expnet_live.research.training.commands.options import add_cluster


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos",
        nargs="*",
        type=Path,
        metavar="PHOTOS",
        help="photos, folders or tar archives of photos, scored in this order after the clips",
    )
    parser.add_argument("--clips", nargs="*", type=Path, default=[], metavar="DIR", help="folders of videos (.mp4)")
    parser.add_argument("--step", type=positive_int, default=3, metavar="N", help="use every Nth frame (default: 3)")
    parser.add_argument(
        "--teacher", type=Path, required=True, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task)"
    )
    parser.add_argument(
        "--out", type=output_folder, required=True, metavar="DIR", help="folder for the scores; what is there is kept"
    )
    parser.add_argument("--jobs", type=positive_int, default=2, metavar="N", help="processes (default: 2)")
    add_cluster(parser, "the parts, instead of --jobs")


def run(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.research.training.actions.collect import label_all, missing_parts, numbers_in
    from expnet_live.research.training.photos import list_photos

    for folder in args.clips:
        if not folder.is_dir():
            raise UserError(f"There is no folder {folder}; choose a folder of videos with --clips.")
    # In the order of the command line, for those who stop early. Workers of a cluster may have another working folder.
    clips = [clip.absolute() for folder in args.clips for clip in sorted(folder.glob("*.mp4"))]
    photos = [ref for path in args.photos for ref in list_photos([path.absolute()])]
    if not clips and not photos:
        raise UserError("There is nothing to score; name photos, or folders of .mp4 videos with --clips.")
    parts = missing_parts(photos, clips, args.step, args.out.absolute(), args.teacher.absolute())
    numbers = numbers_in(parts)
    order = ", ".join(f"{name} ({number})" for name, number in numbers.items()) or "nothing"
    there = len(clips) + len(photos) - sum(numbers.values())
    print(f"to score, in this order: {order}; {there} inputs are in {args.out} already", flush=True)
    count = label_all(parts, args.jobs, args.cluster)
    print(f"{count} more pictures are in {args.out}")
    return 0
