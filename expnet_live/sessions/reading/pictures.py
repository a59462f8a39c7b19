"""The pictures of a session's video, with frame number and time from the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.capture.sources import open_source
from expnet_live.core.types import Image
from expnet_live.sessions.format.table import Rows


@dataclass(frozen=True, eq=False)
class Picture:
    """The `number`-th picture of the video, of the session's frame `frame`, captured at `time` s."""

    number: int
    frame: int
    time: float
    image: Image


def as_recorded(image: Image, size: tuple[int, int]) -> Image:
    """Crop to that width and height, because a video with odd sizes has an extra pixel."""
    return np.ascontiguousarray(image[: size[1], : size[0]])


def pictures(video: Path, rows: Rows, size: tuple[int, int]) -> Iterator[Picture]:
    """The pictures that `rows` name, in order; `size` is the recorded width and height.

    Raises SourceError if the video cannot be read, or ends early.
    """
    there = np.flatnonzero(rows.video_frame >= 0)
    numbers, first = np.unique(rows.video_frame[there], return_index=True)
    row_of = dict(zip(numbers.tolist(), there[first].tolist(), strict=True))
    if not row_of:
        return
    with open_source(video) as source:
        for frame in source:
            if frame.index in row_of:
                row = row_of[frame.index]
                image = as_recorded(frame.image, size)
                yield Picture(frame.index, int(rows.frame[row]), float(rows.time[row]), image)
            if frame.index >= numbers[-1]:
                return
