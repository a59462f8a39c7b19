"""Find landmarks in photo collections, and cache them for the steps below."""

from __future__ import annotations

import argparse

from expnet_live.core.arguments import add_photos


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)


def run(args: argparse.Namespace) -> int:
    import numpy as np

    from expnet_live.research.training.workspace import landmarks_of, photos_of

    landmarks = landmarks_of(args, photos_of(args))
    found = np.isfinite(landmarks.landmarks[:, 0, 0])
    print(f"{found.sum()} faces in {len(found)} photos; landmarks are in {args.landmarks}")
    return 0
