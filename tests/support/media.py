"""Videos that tests make: each frame shows its own number."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from expnet_live.core.types import Image
from expnet_live.video.opening import open_media

BITS, BIT, HEIGHT = 8, 40, 64


def numbered(n: int) -> Image:
    """White where a bit of `n` is set, the lowest at the left."""
    image = np.zeros((HEIGHT, BITS * BIT, 3), np.uint8)
    for b in range(BITS):
        image[:, b * BIT : (b + 1) * BIT] = 255 * (n >> b & 1)
    return image


def number(image: Image) -> int:
    return sum(1 << b for b in range(BITS) if image[HEIGHT // 2, b * BIT + BIT // 2, 1] > 128)


def write_numbered(
    path: Path,
    codec: str = "libx264",
    n: int = 90,
    container: str | None = None,
    between: int = 0,
    stamps: Mapping[int, int] | None = None,
    wrong: Mapping[int, int] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """30 frames a second, a key frame each 12; `between`: B frames; `stamps`: other ticks of 1/30 s for some.

    `wrong`: stamps in the file alone, of a codec that stores whole pictures.
    """
    with open_media(path, "w", format=container) as out:
        stream = out.add_stream(codec, rate=30, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = BITS * BIT, HEIGHT, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 12, between
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(numbered(i), format="bgr24")
            frame.pts, frame.time_base = (stamps or {}).get(i, i), Fraction(1, 30)
            for packet in stream.encode(frame):
                packet.pts = (wrong or {}).get(i, packet.pts)
                out.mux(packet)
        out.mux(stream.encode(None))
    return path
