"""Measures what recording costs the window, and whether rows and pictures still match at the end."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.capture.spec import DEMO
from expnet_live.core.files import write_json
from expnet_live.core.types import Array, Frame, Image
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.smoothing import EXPRESSION_NOISE
from expnet_live.research.evaluation.app.bench_app import measure_app
from expnet_live.research.evaluation.app.probe import AppTask
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.session import Session
from expnet_live.video.opening import open_media

_WITHOUT = 60.0  # s at most for the figures without recording
_WARM_UP = 5.0  # s; memory may grow in the first minute
_NEAR = 5  # number of rows before and after its own to compare a picture with
_MOVING = 1.0  # sd over two frames, of all coefficients together: less may be due to video compression


@dataclass(frozen=True)
class Step:
    """The offset between rows and pictures: `time_ms` is the largest by timestamps; `frames` are those by content.

    `frames` are the distances, in rows, from a picture's own row to the row most similar to the network's result on
    that picture, at the moments of largest change, where neighbours differ.
    """

    time_ms: float
    frames: tuple[int, ...]


def bench_record(args: argparse.Namespace) -> int:
    """Measure, print and write what cli/bench.py's arguments ask for; return 1 if limits are missed."""
    seconds = 60 * args.record
    warm_up = min(60.0, max(_WARM_UP, seconds / 10))
    video = args.videos[0] if args.videos else DEMO
    task = AppTask(video, min(seconds, _WITHOUT), _WARM_UP, args.threads, folder="", device=args.device)
    without = measure_app(task)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "session"
        recorded = measure_app(replace(task, seconds=seconds, warm_up=warm_up, record=str(folder)))
        session = Session.open(folder)
        step = in_step(session)
        size = sum(p.stat().st_size for p in folder.iterdir())
    info = session.info
    fps = {k: recorded[k] / max(without[k], 1e-9) for k in ("processed_fps", "shown_fps")}
    report: dict[str, Any] = {
        "without": without,
        "recorded": recorded,
        "fps_ratio": fps,
        "duration_s": info.duration,
        "frames": info.frames,
        "drops": info.drops,
        "video_frames": info.video_frames,
        "unwritten": info.n_unwritten,
        "megabytes": size / 1e6,
        "time_ms": step.time_ms,
        "frames_apart": step.frames,
    }
    bars = {
        f"frames on the screen, of those without recording: {fps['shown_fps']:.1%}": fps["shown_fps"] >= 0.9,
        f"frames through the network, of those without recording: {fps['processed_fps']:.1%}": fps["processed_fps"]
        >= 0.9,
        f"memory growth after the warm-up: {recorded['growth_mb']:.1f} MB": recorded["growth_mb"] < 30,
        f"largest offset of row and picture by time: {step.time_ms:.2f} ms": step.time_ms <= 1.0,
        f"by content: {_told(step.frames)}": bool(step.frames) and max(map(abs, step.frames)) <= 1,
        f"incomplete frames: {info.n_unwritten}": info.n_unwritten == 0,
    }
    print(
        f"{info.duration:.0f} s recorded: {info.frames} frames, {info.drops} dropped, {info.video_frames} pictures, ",
        end="",
    )
    print(f"{report['megabytes']:.1f} MB")
    for name, run in (("without", without), ("recording", recorded)):
        print(
            f"  {name:10}{run['processed_fps']:6.1f} through the network, {run['shown_fps']:6.1f} on the screen a ",
            end="",
        )
        print(f"second, latency p95 {run['latency_p95_ms']:.0f} ms, {run['cpu_ms_per_s']:.0f} ms of CPU per second")
    for text, met in bars.items():
        print(f"  {text:75}{'met' if met else 'MISSED'}")
    if args.json:
        write_json(args.json, report)
    return 0 if all(bars.values()) else 1


def _told(frames: tuple[int, ...]) -> str:
    if not frames:
        return "too little movement to measure"
    return f"{max(map(abs, frames))} frames at most, at {len(frames)} moments"


def in_step(session: Session, moments: int = 24) -> Step:
    """Check the whole video of a session with one face."""
    rows = session.rows
    if session.video is None:
        return Step(float("inf"), ())
    of_picture = {int(n): i for i, n in enumerate(rows.video_frame) if n >= 0}
    chosen = set(_moments(rows, moments))
    apart, pictures = 0.0, dict[int, Image]()
    with open_media(session.video) as video:
        for n, picture in enumerate(video.decode(video=0)):
            row = of_picture.pop(n, None)
            if row is None:
                continue
            apart = max(apart, abs(float(picture.time or 0) - rows.time[row]))
            if row in chosen:
                pictures[row] = np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
    if of_picture:  # rows that name a missing picture
        return Step(float("inf"), ())
    return Step(1000 * apart, tuple(_distance(rows, row, said) for row, said in _seen(rows, pictures)))


def _moments(rows: Rows, n: int) -> list[int]:
    """Rows, spread over the session, at which the raw coefficients change most."""
    change = np.linalg.norm(rows.expression_raw[2:] - rows.expression_raw[:-2], axis=1)
    change = np.pad(np.nan_to_num(change), 1)
    change[:_NEAR] = change[len(rows) - _NEAR :] = 0.0
    parts = np.array_split(np.arange(len(rows)), n)
    return [int(part[change[part].argmax()]) for part in parts if len(part) and change[part].max() > _MOVING]


def _seen(rows: Rows, pictures: dict[int, Image]) -> list[tuple[int, Array]]:
    """The network's result for each picture alone, finally in the crop of the face's own pose, as for any frame."""
    pipeline = Pipeline.load(device="cpu")
    faces = {}
    for row, image in pictures.items():
        pipeline.reset()
        faces[row] = pipeline.process(Frame(image, float(rows.time[row]), row))
    return [(row, found[0].expression_raw) for row, found in faces.items() if found]


def _distance(rows: Rows, row: int, expression: Array) -> int:
    """Distance from its row to the nearest of the rows that noise cannot distinguish from the most similar one: the
    lids of a blink look the same on their way down and up."""
    near = rows.expression_raw[row - _NEAR : row + _NEAR + 1]
    unlike = np.linalg.norm(near - expression, axis=1)
    alike = np.flatnonzero(unlike <= np.nanmin(unlike) + EXPRESSION_NOISE * np.sqrt(len(expression))) - _NEAR
    return int(min(alike, key=abs))
