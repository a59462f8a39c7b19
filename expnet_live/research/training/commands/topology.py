"""Store the triangles of mediapipe's Face Mesh (needs mediapipe)."""

from __future__ import annotations

import argparse

from expnet_live.core.arguments import output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE", help="the triangles (.npz)")


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.training.topology import save_topology

    save_topology(args.out)
    print(f"the triangles are in {args.out}")
    return 0
