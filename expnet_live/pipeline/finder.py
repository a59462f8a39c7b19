"""The face finder: a small fully convolutional network of our own, run by ONNX Runtime, or on GPUs by torch.

At each cell of STRIDE px, the network tells the log-odds that a face's middle is there, where exactly it is (cells),
the logarithm of the side of its box (cells), cosine and sine of its roll, and right eye, left eye and mouth, from the
middle, in sides of the box. `expnet-live train finder` makes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from expnet_live.core.paths import asset
from expnet_live.core.types import Array, Box, Image
from expnet_live.networks.runtime import by_onnx, session
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import merged

ASSET = "finder.onnx"
STRIDE, CHANNELS = 4, 12
SIZE = 256  # px of the longer side of the whole picture in the first look
_GRAIN = 32  # px: sides of the network's input are multiples of this
_MOST = 60  # candidates of one look
# Scores: of a face where nobody looks again, and of one that the caller verifies.
SURE, DOUBTFUL = 0.6, 0.4


class Finder:
    """Finds faces of any roll with the network in `path` (None: the built-in one); it may be used in any thread.

    The second look at a picture, and of a thorough search the next ones, see it larger, for smaller faces; a thorough
    search ends with more room around the picture, for close-ups. With `many`, it always looks for small faces.
    On a GPU, torch runs it if the package `onnx` is there (the extra `gpu`), or else ONNX Runtime's build for CUDA (the
    extra `cuda`); without both, the finder stays on the CPU.
    """

    def __init__(
        self, min_score: float = SURE, many: bool = False, path: Path | None = None, device: str = "cpu"
    ) -> None:
        self._min_score, self._many = min_score, many
        self._maps = _network(path or asset(ASSET), device)

    def detect(self, image: Image, thorough: bool = False) -> list[Detection]:
        return next((found for found in self._searched(image, thorough, self._min_score) if found), [])

    def search(self, image: Image) -> Iterator[list[Detection]]:
        return self._searched(image, True, min(self._min_score, DOUBTFUL))

    def _searched(self, image: Image, thorough: bool, least: float) -> Iterator[list[Detection]]:
        for looks in _plan(max(image.shape[:2]), thorough, self._many):
            found = [d for size, side in looks for d in self.look(image, size, side, least)]
            yield sorted(merged(found), key=lambda d: d.box.w * d.box.h, reverse=True)

    def look(self, image: Image, size: int = SIZE, side: float = 1.0, least: float | None = None) -> list[Detection]:
        """One run of the network: the picture in the middle of a square of `side` times its longer side, scaled to
        `size` px. Faces with a score of `least` or more.
        """
        score = least or self._min_score
        height, width = image.shape[:2]
        crop = Crop((width - 1) / 2, (height - 1) / 2, side * max(width, height), 0.0, size)
        pixels, corner = _without_bars(crop.cut(image), height * crop.scale, width * crop.scale)
        maps = self._maps(pixels[None])[0]
        return [_in_image(d, crop, corner) for d in _faces(maps, math.log(score / (1 - score)))]


def _network(path: Path, device: str) -> Callable[[Image], Array]:
    """Maps pictures (N, H, W, 3) to the network's outputs."""
    if not by_onnx(device) and find_spec("onnx") is not None:
        from expnet_live.networks.torch_graph import TorchGraph

        return TorchGraph(path, device)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    running = session(path, options, device)
    return lambda pictures: np.asarray(running.run(None, {"pictures": pictures.astype(np.float32)})[0])


def _plan(length: int, thorough: bool, many: bool) -> Iterator[list[tuple[int, float]]]:
    """Sizes and sides of looks at a picture of that length, list by list until something is found."""
    sizes = [SIZE * n for n in (2, 4) if n == 2 or thorough]
    if not thorough:
        yield [(SIZE, 1.0)]
        yield [(size, 1.0) for size in sizes]
        return
    yield [(SIZE, 1.0), (2 * SIZE, 1.0), *([(4 * SIZE, 1.0)] if many else [])]
    yield [(SIZE, 1.5), (SIZE, 2.5)]
    yield [(4 * SIZE, 1.0)]


def _without_bars(square: Image, height: float, width: float) -> tuple[Image, Array]:
    """The middle of a square that holds a picture of that size, in whole grains, and where it starts (2,)."""
    size = square.shape[0]
    rows, columns = (min(size, math.ceil(n / _GRAIN) * _GRAIN) for n in (height, width))
    y, x = (size - rows) // 2, (size - columns) // 2
    return square[y : y + rows, x : x + columns], np.array([x, y], float)


def _faces(maps: Array, least: float) -> list[tuple[float, Array, float, float, Array]]:
    """Score, middle (2,), side, roll and points (3, 2) in px of each peak of the heat above `least` log-odds."""
    heat = maps[0]
    rows, columns = np.nonzero((heat >= least) & (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))))
    best = np.argsort(-heat[rows, columns])[:_MOST]
    found = []
    for y, x in zip(rows[best], columns[best], strict=True):
        dx, dy, size, cos, sin, *points = (float(v) for v in maps[1:, y, x])
        side = STRIDE * math.exp(min(size, 10.0))
        middle = STRIDE * (np.array([x + dx, y + dy]) + 0.5) - 0.5
        score = 1 / (1 + math.exp(-float(heat[y, x])))
        found.append((score, middle, side, math.atan2(sin, cos), middle + side * np.reshape(points, (3, 2))))
    return found


def _in_image(face: tuple[float, Array, float, float, Array], crop: Crop, corner: Array) -> Detection:
    score, middle, side, roll, points = face
    inverse = crop.inverse
    (x, y), *marks = (np.vstack([middle, points]) + corner) @ inverse[:, :2].T + inverse[:, 2]
    side /= crop.scale
    box = Box(float(x) - side / 2, float(y) - side / 2, side, side)
    return Detection(box, score, np.array(marks, np.float32), math.remainder(roll + crop.roll, 2 * math.pi))
