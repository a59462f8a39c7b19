"""Two people in one picture: the astronaut and the one of the demo clip, cut out and moved about."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np
from skimage import data

from expnet_live.capture.sources import open_source
from expnet_live.core.types import FaceState, Image
from expnet_live.pipeline.pipeline import Pipeline

SIDE = 200  # px of a cut-out head
WIDTH, HEIGHT = 640, 360


def astronaut() -> Image:
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


def demo(count: int) -> list[Image]:
    with open_source("demo") as source:
        return [f.image for f in islice(source, count)]


def head(image: Image, state: FaceState) -> Image:
    """The square round a face, SIDE px a side; neighbouring frames can be cut by the first one's state."""
    (x, y), reach = state.box.center, max(state.box.w, state.box.h)
    zoom = SIDE / (2 * reach)
    matrix = np.array([[zoom, 0, (reach - x) * zoom], [0, zoom, (reach - y) * zoom]])
    return cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def placed(*heads: tuple[Image, int, int]) -> Image:
    """Heads at their left and top corners on a wall, the last in front."""
    wall = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(mask, (SIDE // 2, SIDE // 2), (SIDE * 7 // 20, SIDE * 19 // 40), 0, 0, 360, 255, -1)
    for picture, x, y in heads:
        part = wall[y : y + SIDE, x : x + SIDE]
        part[mask > 0] = picture[mask > 0]
    return wall


def crossing(pipeline: Pipeline, front: bool, step: int, below: int = 0) -> Iterator[tuple[Image, float, float]]:
    """Pictures in which the astronaut goes right and the other one left, and where the two are (px, middles).

    `front`: whether the astronaut passes in front; `step` px a frame; the other one stands `below` px lower.
    """
    still = astronaut()
    n = 420 // step + 30
    frames = demo(n)
    (a,), (d,) = pipeline.photo(still), pipeline.photo(frames[0])
    one = head(still, a)
    for i, frame in enumerate(frames):
        along = min(420, step * max(0, i - 10))
        heads = [(head(frame, d), 430 - along, 70 + below), (one, 10 + along, 70)]
        yield placed(*(heads if front else heads[::-1])), 10 + along + SIDE / 2, 430 - along + SIDE / 2
