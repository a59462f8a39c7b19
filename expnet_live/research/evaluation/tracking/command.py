"""`expnet-live evaluate tracking VIDEO...`: measures how reliably a face is tracked, dropped and found again.

mediapipe decides which frames have a face: its detector on each frame alone, or Face Mesh, which follows the
video. Then the face disappears for a second in the middle of the video, in three ways, and must be dropped
within 0.2 s and found again within 0.2 s of its return.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.capture.sources import open_source
from expnet_live.core.arguments import output_file, positive_int
from expnet_live.core.files import write_json
from expnet_live.core.types import Array, Box, Frame, Image
from expnet_live.pipeline.detector import FaceDetector, MediapipeDetector
from expnet_live.pipeline.face_mesh import FaceMesh
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.tracking.contact_sheet import ContactSheet

HELD_BAR = 0.98
DELAY_BAR = 0.2  # s until a vanished face is dropped, and until a returned one is found
_GONE_S = 1.0
_AROUND_S = 1.5  # shown before and after
SHEET = 20  # overlays


@dataclass
class Tracking:
    """Counts of a video's frames: all, with a face, with a face that is tracked, and tracked without a face.

    `found_again`: how often a face came back after being lost; `jitter`: of the smoothed and raw coefficients,
    in sd, from their second differences over time, median over the coefficients.
    """

    video: str
    frames: int = 0
    with_face: int = 0
    held: int = 0
    held_without: int = 0
    faces: int = 0
    found_again: int = 0
    detector_runs: int = 0
    seconds: float = 0.0
    jitter: float = 0.0
    jitter_raw: float = 0.0
    gone: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def held_share(self) -> float:
        return self.held / max(self.with_face, 1)

    @property
    def good(self) -> bool:
        return self.held_share >= HELD_BAR and all(max(delays) <= DELAY_BAR + 1e-6 for delays in self.gone.values())


class Counted:
    """A detector that counts its runs."""

    def __init__(self, detector: FaceDetector) -> None:
        self.detector, self.runs = detector, 0

    def detect(self, image: Image, thorough: bool = False) -> Any:
        self.runs += 1
        return self.detector.detect(image, thorough)

    def search(self, image: Image) -> Any:
        self.runs += 1
        return self.detector.search(image)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="videos of one person, or: demo")
    parser.add_argument("--frames", type=positive_int, metavar="N", help="frames of each video (default: all)")
    parser.add_argument("--smoothing", default="balanced", help="smoothing over time (default: balanced)")
    parser.add_argument(
        "--contact-sheet",
        type=output_file,
        metavar="FILE",
        help=f"also write {SHEET} overlays of each video to this file (JPEG or PNG)",
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    """0 if all limits are met, 1 otherwise."""
    detector = Counted(Finder())
    pipeline = Pipeline.load(args.model, args.device, detector=detector, smoothing=args.smoothing)
    reference = MediapipeDetector()
    sheet = ContactSheet(pipeline, SHEET) if args.contact_sheet else None
    results = []
    for video in args.videos:
        result = track(video, pipeline, detector, reference, args.frames, sheet)
        frames = middle(video, 2 * _AROUND_S + _GONE_S, result.frames)
        result.gone = {name: vanish(frames, pipeline, hide) for name, hide in HIDINGS.items()}
        results.append(result)
        _print(result)
    if sheet is not None:
        sheet.write(args.contact_sheet)
    if args.json:
        report = [{**asdict(r), "held_share": r.held_share, "good": r.good} for r in results]
        write_json(args.json, report)
    return 0 if all(r.good for r in results) else 1


def track(
    video: str,
    pipeline: Pipeline,
    detector: Counted,
    reference: FaceDetector,
    limit: int | None = None,
    sheet: ContactSheet | None = None,
) -> Tracking:
    """Track the face through `video`, with mediapipe as the reference."""
    result = Tracking(video)
    pipeline.reset()
    runs = detector.runs
    expressions: list[tuple[int, Array, Array]] = []
    faces, missed = set(), False
    with open_source(video) as source, FaceMesh(video=True) as mesh:
        total = min(limit or 10**9, source.n_frames or 10**9)
        every = max(1, total // SHEET)
        for frame in tqdm(
            islice(source, limit), desc=Path(video).name, unit="frame", leave=False, total=source.n_frames
        ):
            states = pipeline.process(frame)
            there = mesh.process(cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB)) is not None
            there = there or bool(reference.detect(frame.image))
            result.frames += 1
            result.seconds = frame.timestamp
            result.with_face += there
            result.held += there and bool(states)
            result.held_without += not there and bool(states)
            if states:
                result.found_again += missed
                faces.add(states[0].face)
                expressions.append((frame.index, states[0].expression, states[0].expression_raw))
            missed = not states and bool(faces)
            if sheet is not None and frame.index % every == every // 2:
                sheet.add(frame, states)
    result.faces, result.detector_runs = len(faces), detector.runs - runs
    result.jitter, result.jitter_raw = _jitter(expressions)
    return result


def _jitter(rows: list[tuple[int, Array, Array]]) -> tuple[float, float]:
    """Jitter of smoothed and raw coefficients: second differences of white noise have six times its variance."""
    if len(rows) < 3:
        return float("nan"), float("nan")
    index = np.array([r[0] for r in rows])
    running = (index[2:] - index[:-2]) == 2
    jitters = []
    for k in (1, 2):
        bends = np.diff(np.array([r[k] for r in rows]), 2, axis=0)[running]
        # The median ignores true movement, which is fast in few frames only.
        jitters.append(float(np.median(np.median(np.abs(bends), 0)) / 0.6745 / np.sqrt(6)))
    return jitters[0], jitters[1]


def vanish(frames: list[Frame], pipeline: Pipeline, hide: Callable[[Image, Box], Image]) -> tuple[float, float]:
    """Seconds from the disappearance of a face in the `middle` of a video until it is dropped, and from its return
    until it is found.

    Infinite if it was never tracked before or after.
    """
    pipeline.reset()
    box: Box | None = None
    dropped, gone_at, back_at = 0.0, math.inf, math.inf
    for frame in frames:
        time = frame.timestamp
        if _AROUND_S <= time < _AROUND_S + _GONE_S and box is not None:
            gone_at = min(gone_at, time)
            if pipeline.process(replace(frame, image=hide(frame.image, box))):
                dropped = time - gone_at + frames[1].timestamp
            continue
        if gone_at < math.inf:
            back_at = min(back_at, time)
        states = pipeline.process(frame)
        if states and back_at < math.inf:
            return dropped, time - back_at
        box = states[0].box if states else box
    return math.inf, math.inf


def middle(video: str, seconds: float, total: int) -> list[Frame]:
    """Frames from the middle of the first `total` of `video`, forwards and backwards if it is too short."""
    with open_source(video) as source:
        count = round(seconds * (source.fps or 30.0))
        start = max(0, (total - count) // 2)
        part = list(islice(source, start, min(start + count, total)))
    step = 1 / (source.fps or 30.0)
    to_and_fro = chain.from_iterable(chain(part, reversed(part)) for _ in range(count // len(part) + 1))
    return [replace(f, timestamp=i * step, index=i) for i, f in enumerate(islice(to_and_fro, count))]


def _around(box: Box, image: Image, factor: float = 1.7) -> tuple[slice, slice]:
    """Rows and columns of a square around a face, including hair and chin."""
    (x, y), reach = box.center, factor * max(box.w, box.h) / 2
    height, width = image.shape[:2]
    rows = slice(int(np.clip(y - reach, 0, height)), int(np.clip(y + reach, 0, height)))
    return rows, slice(int(np.clip(x - reach, 0, width)), int(np.clip(x + reach, 0, width)))


def _covered(image: Image, box: Box) -> Image:
    out = image.copy()
    out[_around(box, image)] = 0
    return out


def _blurred(image: Image, box: Box) -> Image:
    """The face blurred beyond recognition."""
    out = image.copy()
    part = _around(box, image)
    height, width = out[part].shape[:2]
    if height and width:
        out[part] = cv2.resize(cv2.resize(image[part], (3, 3), interpolation=cv2.INTER_AREA), (width, height))
    return out


def _empty(image: Image, box: Box) -> Image:
    """A wall, with noise."""
    height, width = image.shape[:2]
    wall = np.linspace(90, 150, width, dtype=np.float32)[None, :, None] + np.zeros((height, 1, 3), np.float32)
    return (wall + np.random.default_rng(0).normal(0, 3, wall.shape)).astype(np.uint8)


HIDINGS: dict[str, Callable[[Image, Box], Image]] = {"covered": _covered, "blurred": _blurred, "empty": _empty}


def _print(r: Tracking) -> None:
    print(f"{r.video}: {r.frames} frames, {r.with_face} with a face", end=", ")
    print(f"tracked in {r.held_share:.1%} of these (limit {HELD_BAR:.0%})")
    print(
        f"  tracked where mediapipe sees none: {r.held_without}, face numbers: {r.faces}, found again: {r.found_again}"
    )
    print(f"  detector runs: {r.detector_runs} in {r.seconds:.1f} s, jitter {r.jitter:.3f} sd (raw {r.jitter_raw:.3f})")
    for name, (dropped, found) in r.gone.items():
        print(
            f"  face {name}: dropped after {dropped:.2f} s, found {found:.2f} s after its return (limit {DELAY_BAR} s)"
        )
