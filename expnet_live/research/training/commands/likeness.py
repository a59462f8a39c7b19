"""Learn from clips to tell people apart."""

from __future__ import annotations

import argparse
from pathlib import Path

from expnet_live.core.arguments import output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="videos that show one person each")
    parser.add_argument("--out", type=output_file, required=True, metavar="FILE", help="the map (.npz)")


def run(args: argparse.Namespace) -> int:
    from expnet_live.pipeline.models import model_of
    from expnet_live.research.training.people_apart import clips_of, train_likeness

    predictor, _ = model_of(None).load("cpu")
    figures = train_likeness(clips_of(args.clips, predictor), args.out)
    print(f"the map is in {args.out}")
    for name, share in figures.items():
        print(f"frames of held-out people {name}: {share:.1%}")
    return 0
