"""Decodes an avatar's textures."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
from PIL import Image as Pillow

from expnet_live.core.types import Array

_THREADS = 4  # decoders release Python's lock
FORMATS = ("PNG", "JPEG", "WEBP")


def decoded(content: bytes, most: int) -> Array | None:
    """Pixels (H, W, 4) uint8 RGBA, made smaller where a side has more than `most` px; None if it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pictures that are large, or slightly off
            with Pillow.open(BytesIO(content), formats=FORMATS) as picture:
                picture.draft("RGB", (most, most))  # for JPEG: decodes to a smaller picture
                rgba = picture.convert("RGBA")
                if max(rgba.size) > most:
                    rgba = rgba.reduce(-(-max(rgba.size) // most))
                return np.asarray(rgba)
    except (OSError, ValueError, SyntaxError):
        return None


def all_decoded(contents: Mapping[int, bytes], most: int) -> dict[int, Array]:
    """The pixels of those that are not damaged, by the same numbers; on several cores, because large ones take long."""
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda content: decoded(content, most), contents.values())
        return {number: pixels for number, pixels in zip(contents, found, strict=True) if pixels is not None}


def sampled(pixels: Array, uv: Array) -> Array:
    """The pixels (n, 4) uint8 nearest to repeating texture coordinates (n, 2) with v down."""
    height, width = pixels.shape[:2]
    at = np.floor((uv - np.floor(uv)) * (width, height)).astype(np.intp)
    found: Array = pixels[np.minimum(at[:, 1], height - 1), np.minimum(at[:, 0], width - 1)]
    return found
