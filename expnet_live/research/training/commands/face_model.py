"""Learn the face model from the landmarks (needs --teacher or a cache made with it)."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import add_photos, output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE", help="the model (.npz)")
    parser.add_argument(
        "--widen", type=Path, metavar="FILE", help="a model to keep, but for its components, which are to span more"
    )
    parser.add_argument("--report", type=output_file, metavar="JSON", help="also write the measurements to this file")


def run(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.build import build_face_model
    from expnet_live.research.training.workspace import landmarks_of, photos_of

    if args.landmarks is not None and args.teacher is None and not args.landmarks.exists():
        raise UserError("A face model needs landmarks with a teacher's scores; name a Face Landmarker with --teacher.")
    widen = None if args.widen is None else FaceModel.load(args.widen)
    photos = photos_of(args)
    build_face_model(photos, landmarks_of(args, photos), args.out, args.report, widen)
    return 0
