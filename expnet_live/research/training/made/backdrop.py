"""Random backgrounds of synthetic pictures."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from expnet_live.core.types import Image
from expnet_live.research.training.crops import WIDE_SIZE
from expnet_live.research.training.made.skin import grayed


class Backdrop:
    """Random backgrounds: parts of pictures without people, gradients, plain colours."""

    def __init__(self, picture: Callable[[np.random.Generator], Image | None]) -> None:
        self._picture = picture

    def __call__(self, gray: bool, rng: np.random.Generator) -> Image:
        photo = self._picture(rng) if rng.random() < 0.8 else None
        if photo is None:
            a, b = rng.integers(0, 256, (2, 3))
            line = np.linspace(0, 1, WIDE_SIZE)[:, None, None]
            photo = np.broadcast_to(a + (b - a) * line * rng.random(), (WIDE_SIZE, WIDE_SIZE, 3)).astype(np.uint8)
            photo = np.asarray(np.rot90(photo, int(rng.integers(4))))
        side = min(photo.shape[:2])
        y, x = rng.integers(0, photo.shape[0] - side + 1), rng.integers(0, photo.shape[1] - side + 1)
        image = cv2.resize(np.ascontiguousarray(photo[y : y + side, x : x + side]), (WIDE_SIZE, WIDE_SIZE))
        if rng.random() < 0.5:
            image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1, 8)))
        return np.asarray(grayed(image) if gray else image, np.uint8)
