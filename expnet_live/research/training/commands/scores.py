"""Let a teacher score ARKit's actions in photos and clips of people."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import positive_int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos", nargs="*", type=Path, metavar="PHOTOS", help="photos, folders or tar archives of photos"
    )
    parser.add_argument("--clips", nargs="*", type=Path, default=[], metavar="DIR", help="folders of videos (.mp4)")
    parser.add_argument("--step", type=positive_int, default=3, metavar="N", help="use every Nth frame (default: 3)")
    parser.add_argument(
        "--teacher", type=Path, required=True, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the scores; existing parts are kept"
    )
    parser.add_argument("--jobs", type=positive_int, default=2, metavar="N", help="processes (default: 2)")


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.training.actions.collect import label_all
    from expnet_live.research.training.photos import list_photos

    clips = [clip for folder in args.clips for clip in folder.glob("*.mp4")]
    count = label_all(list_photos(args.photos), clips, args.step, args.teacher, args.out, args.jobs)
    print(f"{count} more pictures are in {args.out}")
    return 0
