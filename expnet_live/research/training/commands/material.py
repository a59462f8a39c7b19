"""Options that name labelled pictures and clips."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_material(parser: argparse.ArgumentParser) -> None:
    from expnet_live.research.training.actions.options import COLLECTIONS

    parser.add_argument(
        "labelled", nargs="+", type=Path, metavar="DIR", help="folders from 'train scores' and 'train pictures'"
    )
    parser.add_argument(
        "--collections", nargs="*", default=list(COLLECTIONS), metavar="NAME",
        help="names of the photo collections; the others are clips",
    )  # fmt: skip
    parser.add_argument("--metadata", nargs="*", type=Path, default=[], metavar="CSV", help="file,subject,emotion")


def material_of(args: argparse.Namespace) -> Any:
    from expnet_live.research.training.actions.material import Material
    from expnet_live.research.training.photos import read_metadata

    return Material.of(args.labelled, set(args.collections), read_metadata(args.metadata))
