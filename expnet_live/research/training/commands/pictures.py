"""Render pictures of heads whose actions are known (needs moderngl)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from expnet_live.core.arguments import below_one, output_folder, positive_int, whole_number
from expnet_live.research.training.commands.material import add_material
from expnet_live.research.training.commands.options import add_cluster


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "With several processes: torchrun --nproc-per-node N -m expnet_live train pictures ..."
    add_material(parser)
    parser.add_argument(
        "--kinds", nargs="+", choices=("ict", "own", "photo"), default=["ict", "own", "photo", "photo"],
        help="heads to use, in turn: the ICT model, our own head, people in photos (default: ict own photo photo)",
    )  # fmt: skip
    parser.add_argument("--ict", type=Path, metavar="NPZ", help="arrays of the ICT Face Model Light")
    parser.add_argument("--indices", type=Path, metavar="JSON", help="its vertex_indices.json")
    parser.add_argument("--scenes", nargs="*", type=Path, default=[], metavar="PHOTOS", help="backgrounds")
    parser.add_argument("--out", type=output_folder, required=True, metavar="DIR")
    parser.add_argument("--count", type=positive_int, default=9600, metavar="N", help="default: 9600")
    parser.add_argument("--seed", type=whole_number, default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--alone", type=below_one, default=0.4, metavar="SHARE",
        help="share of pictures in which up to three actions come without all others (default: 0.4)",
    )  # fmt: skip
    add_cluster(parser, "the parts")


def run(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.research.training.made.pictures import Batch, Order, make_on, make_pictures

    if "ict" in args.kinds and (args.ict is None or args.indices is None):
        raise UserError("The ICT model's heads need --ict and --indices; give both, or choose other --kinds.")
    order = Order(
        labelled=_absolute(args.labelled),
        collections=frozenset(args.collections),
        metadata=_absolute(args.metadata),
        kinds=tuple(args.kinds),
        ict=(args.ict.absolute(), args.indices.absolute()) if "ict" in args.kinds else None,
        scenes=_absolute(args.scenes),
        out=args.out.absolute(),
        batch=Batch(args.count, args.seed, alone=args.alone),
    )
    if args.cluster is None:
        material = order.material()
        count = make_pictures(material, order.cast(material), order.out, order.batch)
    else:
        count = make_on(args.cluster, order)
    print(f"{count} pictures are in {args.out}")
    return 0


def _absolute(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Workers of a cluster may have another working folder."""
    return tuple(path.absolute() for path in paths)
