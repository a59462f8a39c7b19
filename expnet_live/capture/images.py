"""Reading picture files, with what is wrong with them in words."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Image

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class SourceError(UserError, OSError):
    """A source of pictures that cannot be read, or not further."""


def read_image(path: Path) -> Image:
    """The picture as BGR uint8 (H, W, 3), turned upright as its EXIF says.

    Raises SourceError when it is missing, empty, truncated or not a picture.
    """
    try:
        data = path.read_bytes()
    except OSError as e:
        raise SourceError(f"{path} cannot be read ({e.strerror or e}); check its name and its permissions.") from e
    if not data:
        raise SourceError(f"{path} is empty; copy it again from where it came from.")
    if _truncated(data):
        raise SourceError(f"{path} is cut off before its end; copy it again from where it came from.")
    try:
        # Not cv2.imread: that cannot open every path on every system.
        image: Image | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise SourceError(f"{path} is damaged or not a picture; use JPEG, PNG, WebP, TIFF or BMP.")
    return image


def _truncated(data: bytes) -> bool:
    """Whether a JPEG, PNG or WebP ends too early: OpenCV would return it half grey without a word."""
    if data.startswith(b"\xff\xd8"):
        return not _jpeg_ends(data)
    if data.startswith(b"\x89PNG"):
        return b"IEND" not in data[-65536:]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    return False


# Within a scan 0xFF is followed by 0, by a restart marker or by another 0xFF; anything else ends it.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SCAN, _END = 0xDA, 0xD9


def _jpeg_ends(data: bytes) -> bool:
    """Walks the segments of a JPEG to its end marker; what lies behind it does not matter."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SCAN:
            found = _AFTER_SCAN.search(data, at)
            if found is None:
                return False
            at = found.start()
            if data[at + 1] == _END:
                return True
    return False
