"""The benchmark: its measurements, their order, and the report."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime

from expnet_live.capture.images import read_image
from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import DEMO
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.runtime import pick_device
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.network import network_of
from expnet_live.research.evaluation.speed.bench_photos import time_device, time_photos
from expnet_live.research.evaluation.speed.bench_process import Task, measure
from expnet_live.research.evaluation.speed.bench_video import time_video
from expnet_live.research.evaluation.speed.timing import limit_threads
from expnet_live.research.evaluation.speed.ways import no_landmarks

PHOTOS = 48


def bench(args: argparse.Namespace) -> int:
    """Measure, print and write what cli/bench.py's arguments ask for."""
    limit_threads(args.threads)
    videos = args.videos or [DEMO]
    model = FaceModel.load()
    predictor = network_of(args.model, "cpu", args.threads)
    pipeline = Pipeline(predictor, model)
    report: dict[str, Any] = {
        "machine": {
            "cpu": cpu_name(),
            "threads": args.threads,
            "runtime": f"ONNX Runtime {onnxruntime.__version__}",
        }
    }
    print(
        ", ".join(str(v) for v in report["machine"].values()).replace(
            f", {args.threads},", f", {args.threads} threads,"
        )
    )

    absent = no_landmarks()
    if absent is not None:
        print(f"Face Mesh and the landmark fit are left out: {absent}")
        report["left_out"] = absent
    report["videos"] = []
    for video in videos:
        times = time_video(video, pipeline, args.frames, args.size, compare=absent is None)
        report["videos"].append(times.summary())
        _print_video(report["videos"][-1])

    photos = _photos(args.photos, videos[0])
    try:
        report["photos"] = time_photos(
            photos, predictor, model, pipeline.detector, args.threads, compare=absent is None
        )
        if pick_device(args.device) != "cpu":
            accelerated = network_of(args.model, args.device)
            report["device"] = {"name": args.device, **time_device(photos, accelerated, pipeline.detector)}
    except ValueError as e:
        raise UserError(str(e)) from e
    _print_photos(report["photos"])
    if "device" in report:
        d = report["device"]
        print(f"\n{d['name']}: {d['latency_ms']:.2f} ms a crop", end=", ")
        print(f"{d['images_per_second']:.0f} crops/s in batches of {d['batch']}")

    report["process"] = {
        way: measure(Task(way, str(videos[0]), args.size, args.model))
        for way in (("expnet", "mesh") if absent is None else ("expnet",))
    }
    _print_process(report["process"])
    if args.json:
        write_json(args.json, report)
    return 0


def _photos(paths: Sequence[Path] | None, video: str) -> list[Image]:
    if paths:
        return [read_image(p) for p in paths]
    return frames_of(video, PHOTOS)


def frames_of(video: str, most: int) -> list[Image]:
    """At most `most` frames, evenly spread over a video."""
    with open_source(video) as source:
        step = max(1, (source.n_frames or 1) // most)
        return [f.image for f in source if f.index % step == 0][:most]


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _print_video(v: dict[str, Any]) -> None:
    print(f"\n{v['video']}, {v['size'][0]}x{v['size'][1]}, {v['frames']} frames counted")
    print(f"  {'ms per frame':28}{'p10':>8}{'median':>8}{'p95':>8}{'CPU':>8}   faces held")
    titles = {
        "pipeline": "whole pipeline, face's mesh",
        "with_head": "  with the whole head's",
        "face_mesh": "Face Mesh",
    }
    for key, title in titles.items():
        if key not in v:
            continue
        t = v[key] if key != "with_head" else {**v[key], "held": v["pipeline"]["held"]}
        times = f"{t['p10_ms']:7.2f}{t['median_ms']:8.2f}{t['p95_ms']:8.2f}{t['cpu_median_ms']:8.2f}"
        print(f"  {title:29}{times}   {t['held']:.1%}")
    if "ratio" in v:
        print(f"  ratio {v['ratio']:.2f} (of the fastest tenths {v['quick_ratio']:.2f}, of CPU times", end=" ")
        print(f"{v['cpu_ratio']:.2f}), with the whole head {v['with_head_ratio']:.2f}")
    for name, s in v["stages"].items():
        print(f"    {name:27}{'':8}{s['median_ms']:7.2f}   in {s['share_of_frames']:.1%} of the frames")


def _print_photos(p: dict[str, Any]) -> None:
    found_ms = p["detector"]["median_ms"]
    print(f"\n{p['faces']} faces in {p['photos']} photos; finding them ({found_ms:.2f} ms) not counted")
    print(f"  {'':18}{'one by one, ms':>16}{'CPU ms':>9}{'in batches, images/s':>23}")
    titles = {
        "expnet": "ExpNet, one look",
        "expnet_closely": "  as photos get it",
        "landmark_fit": "landmark fit",
        "landmarks": "  landmarks",
        "fit": "  fit",
    }
    for key, title in titles.items():
        if key not in p["one_by_one"]:
            continue
        s = p["one_by_one"][key]
        print(f"  {title:18}{s['median_ms']:16.2f}{s['cpu_median_ms']:9.2f}{p['images_per_second'][key]:23.0f}")
    if "batch_ratio" in p:
        print(f"  ExpNet's speed-up: {p['one_by_one_ratio']:.1f} times one by one", end=" ")
        print(f"(of CPU times {p['one_by_one_cpu_ratio']:.1f}), {p['batch_ratio']:.1f} times in batches")


def _print_process(process: dict[str, dict[str, float]]) -> None:
    print(f"\n{'fresh process':20}{'first result, s':>16}{'imports':>9}{'load':>7}{'first frame':>13}{'peak MB':>9}")
    for way, r in process.items():
        title = {"expnet": "whole pipeline", "mesh": "Face Mesh"}[way]
        print(
            f"{title:20}{r['first_result_s']:16.2f}{r['imports_s']:9.2f}{r['load_s']:7.2f}"
            f"{r['first_frame_s']:13.2f}{r['peak_memory_mb']:9.0f}"
        )
