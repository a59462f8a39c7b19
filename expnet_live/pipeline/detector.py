"""Face detection: the protocol, and mediapipe's BlazeFace, which our finder (pipeline/finder.py) is compared with."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any, Protocol

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.light_mediapipe import light_mediapipe
from expnet_live.core.native_chatter import without_chatter
from expnet_live.core.types import Box, Image
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection


class FaceDetector(Protocol):
    """Finds the faces of a picture."""

    def detect(self, image: Image, thorough: bool = False) -> list[Detection]:
        """The faces of a BGR picture (H, W, 3), largest first; a `thorough` search may take several times as long."""
        ...

    def search(self, image: Image) -> Iterator[list[Detection]]:
        """Increasingly thorough searches of the same picture, for callers that can verify faces."""
        ...


# mediapipe's two networks: within 2 m, and further away.
_SHORT_RANGE, _FULL_RANGE = 0, 1
# They see 128 and 192 pixels, so their input need not be much larger.
_SIZE = {_SHORT_RANGE: 256, _FULL_RANGE: 384}
_Look = tuple[Crop, int]


class MediapipeDetector:
    """mediapipe's face detection: short range first and, if that finds nothing, full range.

    A thorough search uses both, and continues if they find nothing: with the picture padded
    (close-ups), in enlarged parts (small faces), and rotated. With `many`, it always searches for small
    faces besides large ones. It may be created and used in any thread; calls wait for each other.
    """

    def __init__(self, min_score: float = 0.5, many: bool = False) -> None:
        self._min_score, self._many = min_score, many
        self._lock = threading.Lock()
        self._networks: dict[int, Any] = {}

    def detect(self, image: Image, thorough: bool = False) -> list[Detection]:
        return next((found for found in self._searched(image, thorough) if found), [])

    def search(self, image: Image) -> Iterator[list[Detection]]:
        return self._searched(image, thorough=True)

    def close(self) -> None:
        with self._lock:
            for network in self._networks.values():
                network.close()
            self._networks.clear()

    def _searched(self, image: Image, thorough: bool) -> Iterator[list[Detection]]:
        for looks in _plan(image.shape[1], image.shape[0], thorough, self._many):
            with self._lock:
                found = [d for crop, network in looks for d in self._look(image, crop, network)]
            yield sorted(merged(found), key=lambda d: d.box.w * d.box.h, reverse=True)

    def _look(self, image: Image, crop: Crop, network: int) -> list[Detection]:
        rgb = cv2.cvtColor(crop.cut(image), cv2.COLOR_BGR2RGB)
        with nullcontext() if network in self._networks else without_chatter():
            found = self._network(network).process(rgb).detections or []
        return [_in_image(d, crop) for d in found]

    def _network(self, number: int) -> Any:
        if number not in self._networks:
            with light_mediapipe():
                try:
                    from mediapipe.python.solutions.face_detection import FaceDetection
                except ImportError as error:
                    raise UserError(
                        "MediaPipe's face detector is in mediapipe 0.10.21 alone; install it, on Python 3.11 or 3.12."
                    ) from error

            self._networks[number] = FaceDetection(self._min_score, number)
        return self._networks[number]


def _plan(width: int, height: int, thorough: bool, many: bool) -> Iterable[list[_Look]]:
    """The regions to search with each network, list by list until something is found."""

    def look(network: int, x: float = 0.5, y: float = 0.5, side: float = 1.0, roll: float = 0.0) -> _Look:
        pixels = side * max(width, height)
        crop = Crop(x * width - 0.5, y * height - 0.5, pixels, roll, min(_SIZE[network], max(128, math.ceil(pixels))))
        return crop, network

    def tiles(side: float) -> list[_Look]:
        """Squares that overlap by half and cover the picture."""
        step = side * max(width, height) / 2
        columns, rows = (max(1, round(n / step) - 1) for n in (width, height))
        return [
            look(_FULL_RANGE, (i + 1) / (columns + 1), (j + 1) / (rows + 1), side)
            for j in range(rows)
            for i in range(columns)
        ]

    if not thorough:
        yield [look(_SHORT_RANGE)]
        yield [look(_FULL_RANGE)]
        return
    yield [look(_SHORT_RANGE), look(_FULL_RANGE), *(tiles(0.5) if many else [])]
    yield [look(_SHORT_RANGE, side=1.5), look(_SHORT_RANGE, side=2.5)]
    yield tiles(0.5)
    yield tiles(0.25)
    yield [look(_SHORT_RANGE, side=side, roll=turn * math.pi / 2) for turn in (1, 2, 3) for side in (1.0, 1.5)]


def _in_image(raw: Any, crop: Crop) -> Detection:
    data = raw.location_data
    b = data.relative_bounding_box
    points = [(b.xmin + u * b.width, b.ymin + v * b.height) for u in (0, 1) for v in (0, 1)]
    # BlazeFace also has the tip of the nose and the ears.
    points += [(p.x, p.y) for i, p in enumerate(data.relative_keypoints) if i in (0, 1, 3)]
    # mediapipe's origin is the picture's corner, ours the centre of its first pixel.
    pixels = np.array(points) * crop.size - 0.5
    inverse = crop.inverse
    pixels = pixels @ inverse[:, :2].T + inverse[:, 2]
    (x0, y0), (x1, y1) = pixels[:4].min(0), pixels[:4].max(0)
    box = Box(float(x0), float(y0), float(x1 - x0), float(y1 - y0))
    return Detection(box, float(raw.score[0]), pixels[4:].astype(np.float32))


def merged(found: list[Detection]) -> list[Detection]:
    """One detection per face: the best of those whose boxes overlap."""
    kept: list[Detection] = []
    for d in sorted(found, key=lambda d: d.score, reverse=True):
        if all(_overlap(d.box, k.box) < 0.3 for k in kept):
            kept.append(d)
    return kept


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (a.w * a.h + b.w * b.h - w * h)
