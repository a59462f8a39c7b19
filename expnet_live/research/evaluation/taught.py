"""Clips of people beside a teacher, who looks at some of their frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from expnet_live.capture.sources import open_source
from expnet_live.core.types import FaceState, Frame
from expnet_live.geometry.camera import Camera
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.training.actions.teacher import Taught, Teacher


def taught_frames(
    pipeline: Pipeline, video: Path, teacher: Teacher, step: int, looks: int = 4
) -> Iterator[tuple[Frame, FaceState, Taught]]:
    """Every `step`-th frame of a video in which the pipeline and the teacher, with 2 or 4 `looks`, find a face, with
    what both say of it."""
    pipeline.reset()
    with open_source(video) as source:
        for frame in source:
            states = pipeline.process(frame)
            if frame.index % step or not states:
                continue
            height, width = frame.image.shape[:2]
            taught = teacher.teach(frame.image, Camera.for_image(width, height).view(states[0].pose), looks)
            if taught is not None:
                yield frame, states[0], taught
