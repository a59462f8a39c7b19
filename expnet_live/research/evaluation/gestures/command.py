"""`expnet-live evaluate gestures`: accuracy over the built-in gestures, their confusion, by scale, and false firings.

Rendered people whom no training saw perform every gesture once, between rests with blinks and speech, with faces of
200, 60 and 28 px; `--dataset` takes labelled videos, `--talking` videos of people who talk. The thresholds of the
gestures were chosen on other people by `--fit`: those of another `--seed`, and the clips that `--held-out` leaves out.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.arguments import output_file, positive_int, whole_number
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole, write_json
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.gestures.measure import NAMES, NONE, Tally, share_between
from expnet_live.research.evaluation.gestures.renders import Performance, perform, told

SEED, FIT_SEED = 202, 101
WIDTHS = (200, 60, 28)
BARS = {200: 0.95, 60: 0.95, 28: 0.85}
FALSE_BAR = 1.0  # per minute


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--performances",
        type=whole_number,
        default=8,
        metavar="N",
        help="rendered people of each kind (default: 8; 0: none)",
    )
    parser.add_argument(
        "--sizes",
        type=positive_int,
        nargs="+",
        default=WIDTHS,
        metavar="PX",
        help="widths of their faces (default: 200 60 28)",
    )
    parser.add_argument(
        "--seed", type=whole_number, metavar="N", help=f"of these people (default: {SEED}, with --fit {FIT_SEED})"
    )
    parser.add_argument("--ict", type=Path, metavar="NPZ", help="the ICT Face Model Light: people of it, too")
    parser.add_argument("--indices", type=Path, metavar="JSON", help="its vertex_indices.json")
    parser.add_argument(
        "--dataset", type=Path, metavar="PATH",
        help="labelled videos, each with 1.5 s of the resting face before its gesture: a folder with a folder for each "
        "gesture, or a table with the columns path, gesture",
    )  # fmt: skip
    parser.add_argument("--talking", nargs="+", type=Path, default=[], metavar="VIDEO", help="videos, or folders")
    parser.add_argument("--held-out", action="store_true", help="of these, only those of held-out people")
    parser.add_argument(
        "--teacher", type=Path, metavar="TASK",
        help="MediaPipe Face Landmarker with blendshapes (.task): what it confirms is no false firing",
    )  # fmt: skip
    parser.add_argument(
        "--fit", type=output_file, metavar="JSON",
        help="choose the scores at which gestures begin on these people and on --talking clips of people who are not "
        "held out (with --teacher), and write them: assets/gestures.json is such a file",
    )  # fmt: skip
    parser.add_argument("--out", type=output_file, metavar="FILE", help="also write the figures to this file (.json)")
    parser.add_argument(
        "--csv", type=output_file, metavar="FILE", help="also write the confusion of all sizes as a table"
    )


def run(args: argparse.Namespace) -> int:
    if args.ict and args.indices is None:
        raise UserError("--ict needs the model's vertex_indices.json; name it with --indices.")
    if not (args.performances or args.dataset or args.talking or args.fit):
        raise UserError("There is nothing to measure; give --performances, --dataset or --talking.")
    pipeline = Pipeline.load(args.model, args.device)
    pipeline.need_blendshapes()
    if args.fit:
        return _fit(args, pipeline)
    tallies: dict[str, Tally] = {}
    if args.performances:
        tallies = {name: told(found) for name, found in _renders(args, pipeline, seed_of(args, SEED))}
    if args.dataset:
        from expnet_live.research.evaluation.gestures.clips import read_dataset, run_dataset

        tallies["dataset"] = run_dataset(pipeline, read_dataset(args.dataset))
    result: dict[str, Any] = {name: tally.figures() for name, tally in tallies.items()}
    if args.talking:
        result["talking"] = _talking(args, pipeline)
    if args.out:
        write_json(args.out, result)
    if args.csv:
        _write_csv(args.csv, tallies)
    for name, tally in tallies.items():
        _print(name, tally)
    if "talking" in result:
        _print_talking(result["talking"])
    return 0


def seed_of(args: argparse.Namespace, usual: int) -> int:
    return usual if args.seed is None else int(args.seed)


def _renders(args: argparse.Namespace, pipeline: Pipeline, seed: int) -> Iterator[tuple[str, Iterator[Performance]]]:
    from expnet_live.research.evaluation.expression.people import ict_people, people
    from expnet_live.research.evaluation.expression.studio import Studio

    model, rng, studio = FaceModel.load(), np.random.default_rng(seed), Studio()
    kinds: dict[str, Any] = {"our head": people(model, args.performances, rng)}
    if args.ict:
        kinds["ICT head"] = ict_people(args.ict, args.indices, model, args.performances, rng)
    for kind, heads in kinds.items():
        for width in args.sizes:
            yield f"{kind}, {width} px", perform(pipeline, heads, width, seed, studio)


def _fit(args: argparse.Namespace, pipeline: Pipeline) -> int:
    from expnet_live.research.evaluation.gestures.clips import watch_talking
    from expnet_live.research.evaluation.gestures.fitting import fit
    from expnet_live.research.training.actions.teacher import Teacher

    if not (args.performances and args.talking and args.teacher):
        raise UserError("--fit needs --performances, --talking CLIPS and --teacher TASK; give all of them.")
    talks = watch_talking(pipeline, _videos(args.talking, held_out=False), Teacher(args.teacher), always=True)
    performances = (one for _, found in _renders(args, pipeline, seed_of(args, FIT_SEED)) for one in found)
    fits = fit(performances, talks)
    with whole(args.fit) as partial:
        partial.write_text(json.dumps({name: found.begins for name, found in fits.items()}, indent=1) + "\n")
    for name, f in fits.items():
        print(f"{name:14}begins at {f.begins:<6g} misses {f.missed:.0%} of its acts, fires in {f.wrong} others, "
              f"{f.unconfirmed:.2f} unconfirmed a minute of talk")  # fmt: skip
    return 0


def _talking(args: argparse.Namespace, pipeline: Pipeline) -> dict[str, Any]:
    from expnet_live.research.evaluation.gestures.clips import run_talking
    from expnet_live.research.training.actions.teacher import Teacher

    videos = _videos(args.talking, held_out=True if args.held_out else None)
    return run_talking(pipeline, videos, Teacher(args.teacher) if args.teacher else None)


def _videos(inputs: Sequence[Path], held_out: bool | None) -> list[Path]:
    """The videos of people who are held out, or of those who are not, or of all for None. Raises UserError."""
    from expnet_live.research.training.actions.people import is_held_out

    videos = [v for p in inputs for v in (sorted(p.glob("*.mp4")) if p.is_dir() else [p])]
    videos = [v for v in videos if held_out is None or is_held_out(v.stem) == held_out]
    if not videos:
        raise UserError("There are no videos among the inputs; give videos or folders of .mp4 files.")
    return videos


def _print(name: str, tally: Tally) -> None:
    low, high = share_between(tally.right, tally.total)
    print(f"{name}: accuracy {tally.accuracy:.3f} ({low:.3f} to {high:.3f}) of {tally.total} acts, "
          f"{tally.extra_per_minute:.2f} firings a minute beside them")  # fmt: skip
    for true in NAMES:
        said = {s: tally.told[true, s] for s in (*NAMES, NONE) if tally.told[true, s]}
        if said:
            wrong = ", ".join(f"{s} {n}" for s, n in said.items() if s != true)
            print(f"  {true:14}{tally.recall(true):5.2f}  {wrong}")


def _print_talking(found: dict[str, Any]) -> None:
    print(f"talking: {found['clips']} clips, {found['minutes']:.1f} min, {found['per_minute']:.2f} firings a minute")
    print("  " + ", ".join(f"{n} {c}" for n, c in found["fired"].items() if c))
    if "false" in found:
        low, high = found["false_between"]
        print(f"  not confirmed by the teacher: {found['false_per_minute']:.2f} a minute "
              f"({low:.2f} to {high:.2f}; bar {FALSE_BAR:g})")  # fmt: skip
        print("  " + ", ".join(f"{n} {c}" for n, c in found["false"].items() if c))


def _write_csv(path: Path, tallies: dict[str, Tally]) -> None:
    """A line for each yardstick and true gesture: how often each gesture was told."""
    with whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["yardstick", "gesture", *NAMES, NONE])
        for name, tally in tallies.items():
            writer.writerows([name, true, *row] for true, row in zip(NAMES, tally.confusion(), strict=True))
