"""A video of two people who take turns in front of one camera: the one of the demo, the astronaut, the first again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from crossing import astronaut, demo

from expnet_live.core.types import Image
from expnet_live.video.writer import VideoWriter

FPS, SHOWN, AWAY = 25, 30, 70  # frames; after 2 s, a face gets a new number


def turns(path: Path, shown: int = SHOWN) -> Path:
    """Write the video, with so many frames of each turn. The first one comes back further on in its clip."""
    first = demo(200)
    height, width = first[0].shape[:2]
    other = cv2.resize(astronaut()[:330, :440], (width, height))
    moved = [np.roll(other, i // 6, axis=1) for i in range(shown)]
    nobody = [np.full_like(other, 90)] * AWAY
    pictures: list[Image] = [*first[:shown], *nobody, *moved, *nobody, *first[-shown:]]
    with VideoWriter(path, FPS) as writer:
        for i, image in enumerate(pictures):
            writer.write(image, i / FPS)
    return path
