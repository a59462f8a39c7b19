"""`expnet-live official import | run | status | verify`: the paper's official release."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_device

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers

IMPORT = """\
Each DIR is one of the release's unpacked archives: Expression_Model, Shape_Model, fpn_new_model. Parts that were
imported before stay; if the shape network's DIR holds the Basel Face Model, it is imported as well. TensorFlow
reads the checkpoints: pip install "expnet-live[official]" (the import alone needs it).
"""
RUN = """\
LIST.csv has the columns ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT; FILE is relative to the list.
DIR receives an ID_Shape_Expr_Pose.ply for each line, in the release's axes and conventions, with colours.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("official", help="import the paper's official release, and run its program")
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    raw = argparse.RawDescriptionHelpFormatter

    add = commands.add_parser("import", help="import its files", epilog=IMPORT, formatter_class=raw)
    add.add_argument("--expression", type=Path, metavar="DIR", help="ExpNet: ini_exprNet_model.ckpt")
    add.add_argument("--shape", type=Path, metavar="DIR", help="ShapeNet: ini_ShapeTextureNet_model.ckpt, mean image")
    add.add_argument("--pose", type=Path, metavar="DIR", help="FacePoseNet: model_0_1.0_1.0_1e-07_1_16000.ckpt, ...")
    add.add_argument("--bfm", type=Path, metavar="FILE", help="BaselFaceModel_mod.mat, or 01_MorphableModel.mat")
    add.add_argument(
        "--expression-basis", type=Path, nargs="+", default=[], metavar="FILE",
        help="with 01_MorphableModel.mat: 3DDFA's Model_Exp.mat and model_info.mat, to build the modified model",
    )  # fmt: skip
    add.set_defaults(official=_import)

    run_ = commands.add_parser("run", help="make PLY files from a list of face boxes", epilog=RUN, formatter_class=raw)
    run_.add_argument("list", type=Path, metavar="LIST.csv", help="pictures and face boxes")
    run_.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the meshes")
    run_.add_argument(
        "--meshes", nargs="+", choices=("shape", "expression", "pose"), default=["pose"],
        help="_Shape.ply, _Shape_Expr.ply, _Shape_Expr_Pose.ply (default: pose)",
    )  # fmt: skip
    run_.add_argument("--crops", type=Path, metavar="DIR", help="also save the crops of 227 pixels here")
    run_.add_argument(
        "--model", choices=("official", "built-in"), help="default: official if it is imported, else built-in"
    )
    add_device(run_)
    run_.set_defaults(official=_run)

    status = commands.add_parser("status", help="show what is imported, and whether it is intact")
    status.set_defaults(official=_status)

    verify = commands.add_parser("verify", help="prove the ports against TensorFlow, with random weights")
    verify.add_argument("--samples", type=Path, metavar="DIR", help="the release's input.csv, images/ and its crops/")
    verify.set_defaults(official=_verify)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    status: int = args.official(args)
    return status


def _import(args: argparse.Namespace) -> int:
    from expnet_live.official.importing import Request, run_import
    from expnet_live.official.store import PARTS, Store

    request = Request(args.expression, args.shape, args.pose, args.bfm, args.expression_basis)
    store = Store()
    done = run_import(request, store, tell=lambda text: print(f"{text} ..."))
    print(f"Imported to {store.folder}: {', '.join(PARTS[key] for key in done)}.")
    missing = store.missing()
    if missing:
        print(f"Still missing for --model official: {', '.join(PARTS[key] for key in missing)}.")
    return 0


@quietly
def _run(args: argparse.Namespace) -> int:
    from expnet_live.official.listing import read_list
    from expnet_live.official.program import run_list
    from expnet_live.official.readers import load_reader
    from expnet_live.official.store import PARTS, Store

    n = len(read_list(args.list))
    reader = load_reader(args.model, args.device)
    print(f"The model is {reader.name}.")
    missing = Store().missing()
    if args.model is None and missing:
        print(f"Not imported: {', '.join(PARTS[key] for key in missing)}.")
    failed = run_list(args.list, args.out, reader, args.meshes, args.crops)
    print(f"{n - failed} of {n} pictures: {args.out}")
    return 1 if failed else 0


def _status(args: argparse.Namespace) -> int:
    from expnet_live.official.store import PARTS, Store

    store = Store()
    parts, damaged = store.parts(), store.damaged()
    for key, title in PARTS.items():
        if key not in parts:
            print(f"{title}: not imported")
            continue
        part = parts[key]
        state = "DAMAGED, import it again" if key in damaged else "whole"
        print(f"{title}: {store.folder / part.file}, {part.size / 1e6:.1f} MB, sha256 {part.sha256}, {state}")
        for origin in part.origin:
            print(f"  from {origin.name}, sha256 {origin.sha256}")
    return 1 if damaged else 0


@quietly
def _verify(args: argparse.Namespace) -> int:
    from expnet_live.research.official_proofs.verify import run_verify

    return run_verify(args.samples)
