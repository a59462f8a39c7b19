"""`expnet-live evaluate expression [VIDEO...]`: measures r and gain of each of ARKit's actions.

The demo clip is compared with its ground truth. Clips of people are compared with a teacher, MediaPipe's
Face Landmarker, as the mean of several original and mirrored scores, with the mean of each clip removed. The gain is
then against the teacher's own scores; `--rest-and-full` uses the network's training targets instead, see
`expnet-live train actions`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import DEMO
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.core.types import Array
from expnet_live.geometry.camera import Camera
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.rig import Rig
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression.demo import demo_truth
from expnet_live.research.evaluation.expression.measure import ActionFigures, figures, summary, table
from expnet_live.research.evaluation.expression.renders import measure_renders, text
from expnet_live.research.training.actions.targets import Strengths
from expnet_live.research.training.actions.teacher import Teacher

_STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)  # of each action alone in rendered heads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", nargs="*", type=Path, metavar="VIDEO", help="videos, or folders of them")
    parser.add_argument(
        "--teacher", type=Path, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task), for clips"
    )
    parser.add_argument("--step", type=int, default=5, metavar="N", help="measure every Nth frame (default: 5)")
    parser.add_argument(
        "--smoothing", default="off", metavar="PRESET", help="off, responsive, balanced or stable (default: off)"
    )
    parser.add_argument("--rest-and-full", type=Path, metavar="FILE", help="compare with the training targets (.npz)")
    parser.add_argument("--held-out", action="store_true", help="only clips of held-out people")
    parser.add_argument("--renders", type=int, default=0, metavar="N", help="also measure N rendered heads")
    parser.add_argument(
        "--photos", nargs="+", type=Path, default=[], metavar="DIR",
        help="also measure moved photos of held-out people, of 'train scores' (needs moderngl)",
    )  # fmt: skip
    parser.add_argument("--metadata", nargs="*", type=Path, default=[], metavar="CSV", help="of those: file,subject,…")
    parser.add_argument("--count", type=int, default=40, metavar="N", help="photos that are moved (default: 40)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(args: argparse.Namespace) -> int:
    pipeline = Pipeline.load(args.model, args.device, smoothing=args.smoothing)
    result: dict[str, Any] = {"demo": _figures_of(*demo(pipeline))}
    if args.clips:
        if args.teacher is None:
            raise UserError("Clips need a teacher; name a Face Landmarker file (.task) with --teacher.")
        strengths = Strengths.load(args.rest_and_full) if args.rest_and_full else None
        videos = _videos(args.clips, args.held_out)
        result["clips"] = _figures_of(*clips(pipeline, videos, Teacher(args.teacher), args.step, strengths))
    if args.photos:
        result["photos"] = _photos(pipeline, args)
    renders = None
    if args.renders:
        renders = measure_renders(pipeline.predictor, FaceModel.load(), args.renders, _STRENGTHS)
        result["renders"] = renders.frontal
    if args.json:
        print(json.dumps({k: {"summary": summary(v), "actions": [asdict(f) for f in v]} for k, v in result.items()}))
        return 0
    for name, rows in result.items():
        s = summary(rows)
        print(f"{name}: {s['actions']:.0f} actions move, mean r {s['r_mean']:.3f}, median gain {s['gain_median']:.2f}")
        print(table(rows))
    if renders is not None:
        print(text(renders))
    return 0


def _photos(pipeline: Pipeline, args: argparse.Namespace) -> list[ActionFigures]:
    from expnet_live.research.evaluation.expression.photos import measure_photos
    from expnet_live.research.training.actions.fine_tune import Material
    from expnet_live.research.training.actions.options import COLLECTIONS
    from expnet_live.research.training.photos import read_metadata

    material = Material.of(args.photos, set(COLLECTIONS), read_metadata(args.metadata))
    return measure_photos(pipeline.predictor, material, args.count)


def _figures_of(said: Array, truth: Array, clip: Array) -> list[ActionFigures]:
    return figures(said, truth, clip)


def demo(pipeline: Pipeline) -> tuple[Array, Array, Array]:
    """Predictions and truth (T, 52) in the frames of the demo clip in which the face is tracked, and the clip's
    name.
    """
    truth = demo_truth(asset("demo.csv"), FaceModel.load(), Rig.load())
    pipeline.reset()
    said = np.full(truth.shape, np.nan)
    with open_source(DEMO) as source:
        for frame in source:
            if frame.index >= len(said):
                break
            said[frame.index] = _said(pipeline.process(frame))
    return said, truth, np.zeros(len(said), int)


def clips(
    pipeline: Pipeline, videos: list[Path], teacher: Teacher, step: int, strengths: Strengths | None = None
) -> tuple[Array, Array, Array]:
    """Predictions and the teacher's scores (T, 52) in every `step`-th frame of the videos, and the video numbers
    (T,).
    """
    said, taught, number = [], [], []
    for i, video in enumerate(tqdm(videos, "clips", unit="clip")):
        pipeline.reset()
        with open_source(video) as source:
            for frame in source:
                states = pipeline.process(frame)
                if frame.index % step or not states:
                    continue
                height, width = frame.image.shape[:2]
                found = teacher.teach(frame.image, Camera.for_image(width, height).view(states[0].pose))
                if found is not None:
                    said.append(_said(states))
                    taught.append(found.mean if strengths is None else strengths.of(found.mean))
                    number.append(i)
    if not said:
        raise UserError("The teacher finds no face in these clips; choose videos of faces.")
    return np.array(said), np.array(taught), np.array(number)


def _said(states: list[Any]) -> Array:
    if not states:
        return np.full(N_BLENDSHAPES, np.nan)
    if states[0].blendshapes is None:
        raise UserError("This network does not predict ARKit's actions; choose one that does with --model.")
    return np.asarray(states[0].blendshapes)


def _videos(paths: list[Path], held_out: bool) -> list[Path]:
    from expnet_live.research.training.actions.people import is_held_out

    found = [v for p in paths for v in (sorted(p.glob("*.mp4")) if p.is_dir() else [p])]
    found = [v for v in found if not held_out or is_held_out(v.stem)]
    if not found:
        raise UserError("There are no videos among the inputs; give videos or folders of .mp4 files.")
    return found
