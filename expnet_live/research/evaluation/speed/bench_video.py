"""Times the whole pipeline and mediapipe's Face Mesh with refined landmarks on the same frames of a video.

They take turns in blocks of frames, not frame by frame: otherwise, each would start with the other's
data in the caches and its threads still spinning, unlike in normal use. Each alternately takes the first of two
turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import cv2
import numpy as np

from expnet_live.capture.sources import open_source
from expnet_live.core.types import FaceState, Frame
from expnet_live.pipeline.face_mesh import FaceMesh
from expnet_live.pipeline.look import Stopwatch
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.speed.timing import Timings

_BLOCK = 30
_WARM_UP = 5  # frames at the start of a turn that are not counted


@dataclass
class VideoTimes:
    """Times of `frames` counted frames; `stages` holds the seconds of each stage in each frame where it ran."""

    video: str
    width: int = 0
    height: int = 0
    frames: int = 0
    held: int = 0
    mesh_found: int = 0
    pipeline: Timings = field(default_factory=Timings)
    head: Timings = field(default_factory=Timings)
    face_mesh: Timings = field(default_factory=Timings)
    stages: dict[str, list[float]] = field(default_factory=dict)
    meshes: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The report; without the keys of the comparison if Face Mesh did not run."""
        with_head = self.with_head()
        report = {
            "video": self.video,
            "size": [self.width, self.height],
            "frames": self.frames,
            "pipeline": {**self.pipeline.summary(), "held": self.held / self.frames},
            "with_head": with_head.summary(),
            "stages": {
                name: {
                    "median_ms": 1e3 * float(np.median(times)),
                    "mean_per_frame_ms": 1e3 * sum(times) / self.frames,
                    "share_of_frames": len(times) / self.frames,
                }
                for name, times in self.stages.items()
            },
        }
        if not self.face_mesh.wall:
            return report
        return report | {
            "face_mesh": {**self.face_mesh.summary(), "held": self.mesh_found / self.frames},
            "ratio": self.pipeline.median / self.face_mesh.median,
            "with_head_ratio": with_head.median / self.face_mesh.median,
            "quick_ratio": self.pipeline.quick / self.face_mesh.quick,
            "cpu_ratio": float(np.median(self.pipeline.cpu) / np.median(self.face_mesh.cpu)),
        }

    def with_head(self) -> Timings:
        """The pipeline's times with the mesh of the whole head instead of the face's."""
        result = Timings()
        result.wall = [a + b - c for a, b, c in zip(self.pipeline.wall, self.head.wall, self.meshes, strict=True)]
        result.cpu = [a + b - c for a, b, c in zip(self.pipeline.cpu, self.head.cpu, self.meshes, strict=True)]
        return result


def time_video(
    spec: str, pipeline: Pipeline, limit: int, size: tuple[int, int] | None = None, *, compare: bool = True
) -> VideoTimes:
    """Time both on the first `limit` frames, scaled to `size` (width, height); only the pipeline without `compare`."""
    result = VideoTimes(spec)
    pipeline.reset()
    with open_source(spec) as source, FaceMesh(video=True) if compare else nullcontext() as mesh:
        frames = islice(source, limit)
        turn = 0
        while block := list(islice(_sized(frames, size), _BLOCK)):
            skip = min(_WARM_UP, len(block) - 1)
            if turn % 2:
                _pipeline_turn(pipeline, block, skip, result)
            if mesh is not None:
                _mesh_turn(mesh, block, skip, result)
            if not turn % 2:
                _pipeline_turn(pipeline, block, skip, result)
            result.frames += len(block) - skip
            turn += 1
    return result


def _sized(frames: Iterator[Frame], size: tuple[int, int] | None) -> Iterator[Frame]:
    for frame in frames:
        yield replace(frame, image=cv2.resize(frame.image, size)) if size else frame


def _pipeline_turn(pipeline: Pipeline, block: list[Frame], skip: int, result: VideoTimes) -> None:
    result.height, result.width = block[0].image.shape[:2]
    for i, frame in enumerate(block):
        timings, head = (result.pipeline, result.head) if i >= skip else (Timings(), Timings())
        made = Stopwatch()
        state = timings(lambda frame=frame, made=made: _whole(pipeline, frame, made))  # type: ignore[misc]
        stages = {**state.stages, **made.seconds} if state is not None else {}
        head(lambda state=state: pipeline.mesh(state) if state is not None else None)  # type: ignore[misc]
        if i >= skip:
            result.held += state is not None
            result.meshes.append(stages.get("mesh", 0.0))
            for name, seconds in stages.items():
                result.stages.setdefault(name, []).append(seconds)


def _whole(pipeline: Pipeline, frame: Frame, watch: Stopwatch) -> FaceState | None:
    """Process a frame, up to the face's mesh, which `watch` times."""
    states = pipeline.process(frame)
    if not states:
        return None
    with watch("mesh"):
        pipeline.face_mesh(states[0])
    return states[0]


def _mesh_turn(mesh: FaceMesh, block: list[Frame], skip: int, result: VideoTimes) -> None:
    for i, frame in enumerate(block):
        timings = result.face_mesh if i >= skip else Timings()
        found = timings(lambda image=frame.image: mesh.find(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))  # type: ignore[misc]
        result.mesh_found += i >= skip and found is not None
