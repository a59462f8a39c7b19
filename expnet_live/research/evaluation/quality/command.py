"""`expnet-live evaluate quality`: the error of ARKit's actions by decile of quality, on rendered people.

People whom no training saw do random actions under random conditions: faces of 12 to 220 px, blurred, partly covered,
turned by up to 50 degrees, in weak and strong light. The error of a frame is the root mean square over
the 52 actions, as a share of the root mean square of what the face does.
`--fit` prints the weights of the conditions that these frames would give; the built-in ones come from another seed.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from expnet_live.core.arguments import output_file, positive_int, whole_number
from expnet_live.core.errors import UserError
from expnet_live.core.files import json_text, write_json
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.quality import quality

SEED = 302  # the weights were fitted with 301
DECILES = 10
NAMES = ("size", "blur", "cover", "turn", "light")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=positive_int, default=6, metavar="N", help="rendered people (default: 6)")
    parser.add_argument("--frames", type=positive_int, default=150, metavar="N", help="frames of each (default: 150)")
    parser.add_argument(
        "--seed", type=whole_number, default=SEED, metavar="N", help=f"of people and conditions ({SEED})"
    )
    parser.add_argument("--fit", action="store_true", help="print the weights that fit these frames best")
    parser.add_argument("--out", type=output_file, metavar="FILE", help="also write the figures to this file (.json)")


def run(args: argparse.Namespace) -> int:
    from expnet_live.research.evaluation.expression.people import people
    from expnet_live.research.evaluation.expression.studio import Studio
    from expnet_live.research.evaluation.quality.renders import draw_all

    pipeline = Pipeline.load(args.model, args.device, smoothing="off")
    pipeline.need_blendshapes()
    cast = people(FaceModel.load(), args.people, np.random.default_rng(args.seed))
    seen = draw_all(pipeline, cast, args.frames, args.seed, Studio())
    if len(seen.errors) < DECILES:
        raise UserError(
            f"Faces were found in {len(seen.errors)} of {seen.frames} frames, fewer than deciles; give more --frames."
        )
    result = figures(seen.conditions, seen.errors) | {"frames": seen.frames, "found": len(seen.errors)}
    if args.fit:
        weights, best = fitted(seen.conditions, seen.errors)
        result["fit"] = dict(zip(NAMES, weights.tolist(), strict=True)) | {"best": best}
    if args.out:
        write_json(args.out, result)
    print(f"{result['found']} of {result['frames']} faces were found; "
          f"rank correlation of quality and error {result['rank_r']:.2f}")  # fmt: skip
    print("| decile of quality | quality | error (share of the movement) | expected |\n|---|---|---|---|")
    for row in result["deciles"]:
        print(f"| {row['decile']} | {row['quality']:.2f} | {row['error']:.3f} | {row['expected']:.3f} |")
    if args.fit:
        print(json_text(result["fit"], None))
    return 0


def figures(conditions: Array, errors: Array) -> dict[str, Any]:
    """Quality and error by decile of quality, the lowest first, and what the quality expects: the error of the highest
    decile over the quality, in proportion; and Spearman's rank correlation of quality and error."""
    from scipy.stats import spearmanr

    told = np.array([quality(c) for c in conditions])
    order = np.argsort(told)
    parts = np.array_split(order, DECILES)
    best = errors[parts[-1]].mean() * told[parts[-1]].mean()
    deciles = [
        {"decile": i + 1, "quality": float(told[p].mean()), "error": float(errors[p].mean()),
         "expected": float(best / told[p].mean()), "frames": len(p)}
        for i, p in enumerate(parts)
    ]  # fmt: skip
    return {"deciles": deciles, "rank_r": float(spearmanr(told, errors).statistic)}


def fitted(conditions: Array, errors: Array) -> tuple[Array, float]:
    """Weights (5,), none below 0, by which the log of the error grows, and their sum in the best tenth of frames."""
    from scipy.optimize import nnls

    log = np.log(np.maximum(errors, 1e-3))
    design = np.column_stack([conditions, np.ones(len(log)), -np.ones(len(log))])
    solution, _ = nnls(design, log)
    weights = np.asarray(solution[:5])
    return weights, float(np.percentile(conditions @ weights, 10))
