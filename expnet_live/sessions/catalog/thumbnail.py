"""Makes a session's thumbnail: from its first second, or, without video, its most expressive moment as bars."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.types import Array, Image
from expnet_live.sessions.format.folder import TABLE, VIDEO
from expnet_live.sessions.format.info import SessionInfo, read_info
from expnet_live.sessions.format.table import Rows, parsed
from expnet_live.sessions.reading.pictures import pictures

log = logging.getLogger(__name__)

WIDTH, HEIGHT = 192, 144
_FIRST = 1.0  # s in which to look for a face
_SAMPLES = 200  # number of rows, spread over the session, among which to find the most expressive one
_FULL = 3.0  # sd that fill a bar
_BACK, _AXIS, _UP, _DOWN = (52, 46, 43), (92, 84, 79), (193, 209, 79), (90, 166, 242)  # BGR


def make_thumbnail(folder: Path) -> Image | None:
    """The thumbnail, BGR (144, 192, 3), or None if there is nothing to show or it cannot be read."""
    try:
        info = read_info(folder)
        if info.video_frames is not None and (picture := _from_video(folder, info)) is not None:
            return picture
        return _bars(folder, info)
    except (UserError, OSError) as error:  # SourceError is one of them
        log.info("no thumbnail of %s: %s", folder, error)
        return None


def _from_video(folder: Path, info: SessionInfo) -> Image | None:
    rows = _some(folder, info, _first_lines)
    there = np.flatnonzero((rows.video_frame >= 0) & (rows.time <= _FIRST))
    if not len(there) or not info.width or not (folder / VIDEO).is_file():
        return None
    faces = there[rows.face[there] >= 0]
    # Skip some frames, because cameras need a moment to adjust to the light.
    number = int(rows.video_frame[faces[len(faces) // 2] if len(faces) else there[len(there) // 2]])
    last = None
    try:
        for picture in pictures(folder / VIDEO, rows, (info.width, info.height)):
            last = picture
            if picture.number >= number:
                break
    except SourceError as error:
        log.info("%s", error)
    return None if last is None else _filling(last.image)


def _filling(image: Image) -> Image:
    """The centre of a picture, in the thumbnail's shape."""
    h, w = image.shape[:2]
    scale = max(WIDTH / w, HEIGHT / h)
    cut_w, cut_h = min(w, round(WIDTH / scale)), min(h, round(HEIGHT / scale))
    x, y = (w - cut_w) // 2, (h - cut_h) // 2
    return cv2.resize(image[y : y + cut_h, x : x + cut_w], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def _bars(folder: Path, info: SessionInfo) -> Image | None:
    rows = _some(folder, info, _lines_all_over)
    if not (rows.face >= 0).any():
        return None
    shown = info.person.corrected(rows.expression[rows.face >= 0], info.coefficients)
    return _drawn(shown[np.abs(shown).sum(1).argmax()])


def _drawn(expression: Array) -> Image:
    """Draw coefficients (n,) as bars from a centre line."""
    image = np.full((HEIGHT, WIDTH, 3), _BACK, np.uint8)
    middle, margin = HEIGHT // 2, 9
    step = (WIDTH - 2 * margin) / len(expression)
    cv2.line(image, (margin, middle), (WIDTH - margin, middle), _AXIS, 1)
    for i, value in enumerate(np.clip(expression / _FULL, -1, 1)):
        x = round(margin + i * step)
        y = round(middle - value * (middle - 16))
        cv2.rectangle(
            image, (x, min(y, middle)), (round(x + step) - 2, max(y, middle)), _UP if value > 0 else _DOWN, -1
        )
    return image


def _some(folder: Path, info: SessionInfo, pick: Callable[[BinaryIO, int], Iterator[bytes]]) -> Rows:
    """Some rows of the table, without reading all of it: it may have a hundred thousand rows."""
    with (folder / TABLE).open("rb") as f:
        header = f.readline()
        size = f.seek(0, SEEK_END) - f.seek(len(header))
        return parsed(folder / TABLE, header + b"".join(pick(f, size)), info.coefficients, info.n_identity)


def _first_lines(f: BinaryIO, size: int) -> Iterator[bytes]:
    return islice(f, _SAMPLES)


def _lines_all_over(f: BinaryIO, size: int) -> Iterator[bytes]:
    """Whole lines at evenly spaced positions."""
    begin, reached = f.tell(), -1
    for i in range(_SAMPLES):
        place = begin + size * i // _SAMPLES
        if place <= reached:
            continue
        f.seek(place)
        if i:
            f.readline()  # the rest of a line
        line = f.readline()
        reached = f.tell()
        yield line
