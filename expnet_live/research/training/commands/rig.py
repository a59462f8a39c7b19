"""Make the rig of ARKit's 52 actions from the shapes of the ICT Face Model Light."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ict", type=Path, required=True, metavar="NPZ", help="the ICT model's arrays")
    parser.add_argument("--indices", type=Path, required=True, metavar="JSON", help="its vertex_indices.json")
    parser.add_argument(
        "--face-model", type=Path, metavar="FILE", help="face model of the rig (default: the built-in one)"
    )
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE", help="the rig (.npz)")
    parser.add_argument("--sheet", type=output_file, metavar="WEBP", help="also draw all 52 actions to this file")


def run(args: argparse.Namespace) -> int:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.rig import Source, build_rig

    model = FaceModel.load(args.face_model)
    rig = build_rig(Source.load(args.ict, args.indices, model), model)
    rig.save(args.out)
    print(f"the rig is in {args.out}")
    if args.sheet is not None:
        from expnet_live.render.sheet import save_rig_sheet

        save_rig_sheet(model.rigged_by(rig), args.sheet)
    return 0
