"""`expnet-live evaluate expression [VIDEO...]`: measures r and gain of each of ARKit's actions.

The demo clip is compared with its ground truth. Clips of people are compared with a teacher, MediaPipe's
Face Landmarker, as the mean of several original and mirrored scores, with the mean of each clip removed. The gain is
then against the teacher's own scores; `--rest-and-full` uses the network's training targets instead, see
`expnet-live train actions`.

Two options have exact truth: `--photos` (photos of held-out people whose faces are moved) and `--performances` (heads
drawn as the app draws them, before the whole pipeline: each action alone, pairs, and sequences, large, small, turned,
with glasses and partly covered).
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import DEMO
from expnet_live.core.arguments import output_file, positive_int, whole_number
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.core.files import json_text, whole, write_json
from expnet_live.core.paths import asset
from expnet_live.core.types import Array, Image
from expnet_live.geometry.rotation import turns
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression.demo import demo_truth
from expnet_live.research.evaluation.expression.measure import ActionFigures, by_turn, figures, summary, table
from expnet_live.research.evaluation.expression.sheet import ContactSheet
from expnet_live.research.evaluation.expression.winks import winks
from expnet_live.research.evaluation.taught import taught_frames
from expnet_live.research.training.actions.targets import Strengths
from expnet_live.research.training.actions.teacher import Teacher

_SEED = 11  # of the heads that perform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", nargs="*", type=Path, metavar="VIDEO", help="videos, or folders of them")
    parser.add_argument(
        "--teacher", type=Path, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task), for clips"
    )
    parser.add_argument(
        "--step", type=positive_int, default=5, metavar="N", help="measure every Nth frame (default: 5)"
    )
    parser.add_argument(
        "--smoothing", default="off", metavar="PRESET", help="off, responsive, balanced or stable (default: off)"
    )
    parser.add_argument("--rest-and-full", type=Path, metavar="FILE", help="compare with the training targets (.npz)")
    parser.add_argument("--held-out", action="store_true", help="only clips of held-out people")
    parser.add_argument(
        "--photos", nargs="+", type=Path, default=[], metavar="DIR",
        help="also measure moved photos of held-out people, of 'train scores' (needs moderngl)",
    )  # fmt: skip
    parser.add_argument("--metadata", nargs="*", type=Path, default=[], metavar="CSV", help="of those: file,subject,…")
    parser.add_argument(
        "--count", type=positive_int, default=40, metavar="N", help="photos that are moved (default: 40)"
    )
    heads = parser.add_argument_group("heads that perform")
    heads.add_argument(
        "--performances",
        type=whole_number,
        default=0,
        metavar="N",
        help="also measure N heads of each kind that perform",
    )
    heads.add_argument("--quick", action="store_true", help="large frontal faces and full actions alone, no sequences")
    heads.add_argument("--ict", type=Path, metavar="NPZ", help="the ICT Face Model Light: heads of it, too")
    heads.add_argument("--indices", type=Path, metavar="JSON", help="its vertex_indices.json")
    heads.add_argument("--scenes", type=Path, metavar="TAR", help="pictures without people, for backgrounds")
    parser.add_argument("--no-demo", action="store_true", help="leave the demo clip out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--out", type=output_file, metavar="FILE", help="also write the figures to this file (.json)")
    parser.add_argument(
        "--csv", type=output_file, metavar="FILE", help="also write a table with a line for each action"
    )
    parser.add_argument(
        "--contact-sheet", type=output_file, metavar="FILE",
        help="write a picture (.webp, .png or .jpg) of the strongest moment of each action beside the drawn head, from "
        "the clips, else the performances, else the demo clip",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    if args.clips and args.teacher is None:
        raise UserError("Clips need a teacher; name a Face Landmarker file (.task) with --teacher.")
    if args.ict and args.indices is None:
        raise UserError("--ict needs the model's vertex_indices.json; name it with --indices.")
    if args.no_demo and not (args.clips or args.photos or args.performances):
        raise UserError("There is nothing to measure; name videos, or give --photos or --performances.")
    pipeline = Pipeline.load(args.model, args.device, smoothing=args.smoothing)
    pipeline.need_blendshapes()
    sheet = ContactSheet(FaceModel.load()) if args.contact_sheet else None
    shown = "clips" if args.clips else "performances" if args.performances else "demo"

    def of(source: str) -> ContactSheet | None:
        return sheet if source == shown else None

    result: dict[str, Any] = {}
    if not args.no_demo:
        said, truth, clip = demo(pipeline, of("demo"))
        result["demo"] = _part(figures(said, truth, clip)) | {"winks": winks(said, truth)}
    if args.clips:
        strengths = Strengths.load(args.rest_and_full) if args.rest_and_full else None
        videos = _videos(args.clips, args.held_out)
        heard = clips(pipeline, videos, Teacher(args.teacher), args.step, strengths, of("clips"))
        result["clips"] = _part(figures(*heard[:3])) | {"turned": by_turn(*heard)}
    if args.photos:
        result["photos"] = _part(_photos(pipeline, args))
    if args.performances:
        result["performances"] = _performances(args, pipeline, of("performances"))
    if sheet is not None:
        sheet.write(args.contact_sheet)
    if args.out:
        write_json(args.out, result)
    if args.csv:
        _write_csv(args.csv, result)
    if args.json:
        print(json_text(result, None))
        return 0
    _print(result)
    return 0


def _part(rows: list[ActionFigures]) -> dict[str, Any]:
    return {"summary": summary(rows), "actions": [asdict(f) for f in rows]}


def _photos(pipeline: Pipeline, args: argparse.Namespace) -> list[ActionFigures]:
    from expnet_live.research.evaluation.expression.photos import measure_photos
    from expnet_live.research.training.actions.material import Material
    from expnet_live.research.training.actions.options import COLLECTIONS
    from expnet_live.research.training.photos import read_metadata

    material = Material.of(args.photos, set(COLLECTIONS), read_metadata(args.metadata))
    return measure_photos(pipeline, material, args.count)


def _performances(args: argparse.Namespace, pipeline: Pipeline, sheet: ContactSheet | None) -> dict[str, Any]:
    from expnet_live.research.evaluation.expression.people import ict_people, people
    from expnet_live.research.evaluation.expression.performances import (
        CONDITIONS,
        QUICK,
        Cast,
        Listener,
        run_performances,
    )
    from expnet_live.research.evaluation.expression.studio import Studio
    from expnet_live.research.training.photos import list_photos, read_photo

    scenes = list_photos([args.scenes]) if args.scenes else []

    def scenery(number: int) -> Image | None:
        return read_photo(scenes[number % len(scenes)])

    model, rng, listener = FaceModel.load(), np.random.default_rng(_SEED), Listener(pipeline, Studio(), sheet)
    kinds: dict[str, Any] = {"own": people(model, args.performances, rng)}
    if args.ict:
        kinds["ict"] = ict_people(args.ict, args.indices, model, args.performances, rng)
    conditions = (QUICK,) if args.quick else CONDITIONS
    backgrounds = scenery if scenes else None
    return {n: run_performances(listener, Cast(p, backgrounds), conditions, not args.quick) for n, p in kinds.items()}


def demo(pipeline: Pipeline, sheet: ContactSheet | None = None) -> tuple[Array, Array, Array]:
    """Predictions and truth (T, 52) in the frames of the demo clip in which the face is tracked, and the clip's
    name.
    """
    truth = demo_truth(asset("demo.csv"))
    pipeline.reset()
    said = np.full(truth.shape, np.nan)
    with open_source(DEMO) as source:
        for frame in source:
            if frame.index >= len(said):
                break
            states = pipeline.process(frame)
            said[frame.index] = _said(states)
            if sheet is not None:
                sheet.offer(np.nan_to_num(truth[frame.index], nan=-1), frame.image, states)
    return said, truth, np.zeros(len(said), int)


def clips(
    pipeline: Pipeline,
    videos: list[Path],
    teacher: Teacher,
    step: int,
    strengths: Strengths | None = None,
    sheet: ContactSheet | None = None,
) -> tuple[Array, Array, Array, Array]:
    """Predictions and the teacher's scores (T, 52) in every `step`-th frame of the videos, the video numbers (T,), and
    the heads' yaw (T,) in rad.
    """
    said, taught, number, yaw = [], [], [], []
    for i, video in enumerate(tqdm(videos, "clips", unit="clip")):
        for frame, state, found in taught_frames(pipeline, video, teacher, step):
            said.append(np.asarray(state.blendshapes))
            taught.append(found.mean if strengths is None else strengths.of(found.mean))
            number.append(i)
            yaw.append(float(turns(state.pose.rotation)[0]))
            if sheet is not None:
                sheet.offer(taught[-1], frame.image, [state])
    if not said:
        raise UserError("The teacher finds no face in these clips; choose videos of faces.")
    return np.array(said), np.array(taught), np.array(number), np.array(yaw)


def _said(states: list[Any]) -> Array:
    if not states:
        return np.full(N_BLENDSHAPES, np.nan)
    return np.asarray(states[0].blendshapes)


def _videos(paths: list[Path], held_out: bool) -> list[Path]:
    from expnet_live.research.training.actions.people import is_held_out

    found = [v for p in paths for v in (sorted(p.glob("*.mp4")) if p.is_dir() else [p])]
    found = [v for v in found if not held_out or is_held_out(v.stem)]
    if not found:
        raise UserError("There are no videos among the inputs; give videos or folders of .mp4 files.")
    return found


def _tables(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every part of the result that has a line for each action, by its name."""
    found: dict[str, dict[str, Any]] = {n: result[n] for n in ("demo", "clips", "photos") if n in result}
    for kind, heads in result.get("performances", {}).items():
        found |= {f"performances, {kind}, {name}": part for name, part in heads["conditions"].items()}
        if "sequences" in heads:
            found[f"performances, {kind}, sequences"] = heads["sequences"]
    return found


def _print(result: dict[str, Any]) -> None:
    for name, part in _tables(result).items():
        s = part["summary"]
        print(f"{name}: {s['actions']:.0f} actions move, mean r {s['r_mean']:.3f}, median gain {s['gain_median']:.2f}")
        extra = {k: v for k, v in s.items() if k not in ("actions", "r_mean", "gain_median")}
        print("  " + ", ".join(f"{k} {v:.3g}" for k, v in extra.items()))
        print(table(part["actions"]))
    for t in result.get("clips", {}).get("turned", []):
        print(
            f"clips, head turned by {t['turned_from']:.0f} to {t['turned_to']:.0f} degrees: {t['frames']:.0f} frames, "
            f"mean r {t['r_mean']:.3f}, median gain {t['gain_median']:.2f}"
        )
    for side, found in result.get("demo", {}).get("winks", {}).items():
        print(f"{side} wink: shut eye {found['shut']:.2f} of a blink, open eye {found['open']:.2f}")
    for kind, heads in result.get("performances", {}).items():
        for what in ("neutral turns", "clenched grin", "sides"):
            print(f"{kind}, {what}: {json_text(heads[what], None)}")


def _write_csv(path: Path, result: dict[str, Any]) -> None:
    """A line for each table and action: yardstick, action, r, gain, sd of the truth, and what else is known of it."""
    columns = ["yardstick", "name", "r", "gain", "sd", "crosstalk", "loudest", "loudness", "onset_ms"]
    with whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for name, part in _tables(result).items():
            writer.writerows({"yardstick": name} | _rounded(row) for row in part["actions"])


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {k: f"{v:.3f}" if isinstance(v, float) else ("" if v is None else v) for k, v in row.items()}
