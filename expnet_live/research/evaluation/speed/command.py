"""`expnet-live evaluate speed`: times ExpNet and every other available method on the same images in one run.

All start from a picture with a detected face; the detector's time is reported separately. Official ExpNet takes part
if it is imported, MediaPipe's blendshapes if their file is given.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from expnet_live.core.arguments import output_file, positive_int
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.finder import Finder
from expnet_live.research.evaluation.emotion.features import FEATURES
from expnet_live.research.evaluation.network import network_of
from expnet_live.research.evaluation.speed.bench import cpu_name, frames_of
from expnet_live.research.evaluation.speed.bench_photos import faces_of
from expnet_live.research.evaluation.speed.timing import limit_threads, tell_if_busy
from expnet_live.research.evaluation.speed.ways import (
    BlendshapeWay,
    ExpNetWay,
    FeatureWay,
    LandmarkFitWay,
    Way,
    time_batches,
    time_one_by_one,
)
from expnet_live.research.training.photos import list_photos, read_photo

TITLES = {
    "expnet": "ExpNet",
    "landmark-fit": "landmark fit",
    "landmarks": "  Face Mesh",
    "fit": "  fit",
    "mediapipe-blendshapes": "MediaPipe blendshapes",
    "official": "official ExpNet",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos",
        nargs="*",
        type=Path,
        metavar="PHOTOS",
        help="photos, folders or tar archives (default: the demo clip)",
    )
    parser.add_argument("--limit", type=positive_int, default=48, metavar="N", help="number of photos (default: 48)")
    parser.add_argument(
        "--teacher", type=Path, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task)"
    )
    parser.add_argument("--threads", type=positive_int, default=2, metavar="N", help="CPU threads (default: 2)")
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    tell_if_busy()
    limit_threads(args.threads)
    predictor = network_of(args.model, args.device, args.threads)
    ways: dict[str, Way] = {
        "expnet": ExpNetWay(predictor),
        "landmark-fit": LandmarkFitWay(FaceModel.load(), args.threads),
    }
    absent = {}
    if args.teacher:
        ways["mediapipe-blendshapes"] = BlendshapeWay(args.teacher, args.threads)
    else:
        absent["mediapipe-blendshapes"] = "--teacher does not give its file"
    try:
        ways["official"] = FeatureWay(FEATURES["official"](args))
    except UserError as e:
        absent["official"] = str(e)
    images = _photos(args.photos, args.limit)
    try:
        faces, detect = faces_of(images, Finder())
    except ValueError as e:
        raise UserError("No face is found in any of the photos; choose others.") from e
    single, batch = time_one_by_one(faces, ways), time_batches(faces, ways)
    own = single["expnet"]
    report: dict[str, Any] = {
        "machine": {
            "cpu": cpu_name(),
            "threads": args.threads,
            "device": str(predictor.device),
            "onnxruntime": onnxruntime.__version__,
        },
        "photos": len(images),
        "faces": len(faces),
        "detector": detect.summary(),
        "ways": {
            name: {
                "seconds_per_image": t.median,
                "one_by_one": t.summary(),
                "images_per_second_in_batches": batch[name],
                "times_expnet": {
                    "one_by_one": t.median / own.median,
                    "one_by_one_cpu": float(np.median(t.cpu) / np.median(own.cpu)),
                    "in_batches": batch["expnet"] / batch[name],
                },
            }
            for name, t in single.items()
            if t.wall
        },
        "left_out": absent,
    }
    _print(report)
    if args.json:
        write_json(args.json, report)
    return 0


def _photos(inputs: list[Path], limit: int) -> list[Image]:
    """At most `limit` photos, evenly spread over the inputs."""
    if not inputs:
        return frames_of("demo", limit)
    refs = list_photos(inputs)
    chosen = refs[:: max(1, len(refs) // limit)][:limit]
    return [image for ref in chosen if (image := read_photo(ref)) is not None]


def _print(report: dict[str, Any]) -> None:
    machine = report["machine"]
    print(f"{machine['cpu']}, {machine['threads']} threads, {machine['device']}, ONNX Runtime {machine['onnxruntime']}")
    print(f"{report['faces']} faces in {report['photos']} photos; finding them", end=" ")
    print(f"({report['detector']['median_ms']:.2f} ms) not counted")
    print(f"{'':24}{'one by one, ms':>16}{'of ExpNet':>11}{'in batches, images/s':>23}{'ExpNet faster by':>19}")
    for name, w in report["ways"].items():
        s, times = w["one_by_one"], w["times_expnet"]
        print(f"{TITLES[name]:24}{s['median_ms']:16.2f}{times['one_by_one']:10.1f}x", end="")
        print(f"{w['images_per_second_in_batches']:23.0f}{times['in_batches']:18.1f}x")
    for name, reason in report["left_out"].items():
        print(f"{TITLES[name]} left out: {reason}")
